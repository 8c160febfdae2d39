#!/usr/bin/env python3
"""Writes the table of the gallery into the README, from results.tsv and from ui-tests/gallery.

`--check` writes nothing, and fails where the README has another table.
"""

import csv
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SYSTEMS = {
    "pytorch": "PyTorch",
    "candle": "candle",
    "burn": "burn",
    "ndarray": "ndarray",
    "dfdx": "dfdx",
    "incin": "incin",
}
REFUSED = ["does not compile", "fails to build"]


def table():
    with (HERE / "results.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    outcome = {(row["system"], row["bug"]): row["outcome"] for row in rows}
    bugs = sorted(folder for folder in (ROOT / "ui-tests" / "gallery").iterdir() if folder.is_dir())
    for bug in bugs:
        # A message is there where the compiler refuses the bug: tests/ui.rs holds them to it.
        outcome["here", bug.name] = "does not compile" if (bug / "bug.stderr").exists() else "silent"
    systems = [*SYSTEMS, "here"]

    uncaught = sum(outcome["here", bug.name] == "silent" for bug in bugs)
    yield f"{len(bugs)} bugs, of which the types do not catch {uncaught}:"
    yield ""
    yield f"| bug | {' | '.join(SYSTEMS.values())} | here |"
    yield "|---|" + "---|" * len(systems)
    for bug in bugs:
        title = (bug / "README.md").read_text().splitlines()[0].removeprefix("# ")
        cells = (cell(outcome.get((system, bug.name), "not tried")) for system in systems)
        yield f"| [{title}](ui-tests/gallery/{bug.name}) | {' | '.join(cells)} |"
    for name, counted in (("refused before it runs", REFUSED), ("silent", ["silent"])):
        counts = (sum(outcome.get((system, bug.name)) in counted for bug in bugs) for system in systems)
        yield f"| **{name}, of {len(bugs)}** | {' | '.join(f'**{count}**' for count in counts)} |"


def cell(outcome):
    return f"**{outcome}**" if outcome in REFUSED else outcome


def main():
    readme = ROOT / "README.md"
    text = readme.read_text()
    begin, end = "<!-- gallery -->\n", "<!-- /gallery -->\n"
    written = re.sub(f"{begin}.*{end}", begin + "\n".join(table()) + "\n" + end, text, flags=re.DOTALL)
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if written == text else "the table in README.md is not that of gallery-peers/table.py")
    readme.write_text(written)


if __name__ == "__main__":
    main()
