#!/usr/bin/env python3
"""Whether what Markdown files of the repository link to is there: files, and headings in them.

    links.py              fails if a link leads nowhere, and names file, line and link
    links.py --self-test  fails if it finds too much or too little in files of its own

Addresses of other places are not asked for: a test that needs the network fails where there is none."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)?\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)


def without_code(text):
    """The text, with as many lines, and nothing where code was."""
    text = FENCE.sub(lambda code: "\n" * code.group().count("\n"), text)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path):
    """The names of the headings, as GitHub and mdBook make them."""
    text = FENCE.sub("", path.read_text())
    headings = re.findall(r"^#+ +(.*?)\s*$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(files):
    for path in files:
        for number, line in enumerate(without_code(path.read_text()).splitlines(), 1):
            for link in LINK.findall(line):
                target, _, anchor = link.partition("#")
                if re.match(r"[a-z]+:", link):
                    continue
                to = path if not target else (path.parent / target).resolve()
                if not to.exists():
                    yield f"{path}:{number}: there is no {link}"
                elif anchor and to.suffix == ".md" and anchor not in anchors(to):
                    yield f"{path}:{number}: {to.name} has no heading #{anchor}"


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "a.md"
        page.write_text(
            "# The Head: one\n[x](#the-head-one) [y](a.md) [z](https://example.org/none)\n"
            "```rust\n[no](link.md)\n```\n`[no](link.md)` [bad](b.md)\n[worse](#two) ![p](p.svg)\n"
        )
        found = [line.removeprefix(str(page)) for line in broken([page])]
        expected = [":6: there is no b.md", ":7: a.md has no heading #two", ":7: there is no p.svg"]
        assert found == expected, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return self_test()
    files = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = list(broken([ROOT / name for name in files.split()]))
    print("\n".join(found) or "all links lead somewhere")
    sys.exit(bool(found))


main()
