#!/usr/bin/env python3
"""Writes the tables of the gallery into results.md, and their last lines into the project's README, from results.tsv and from
ui-tests/gallery.

`--check` writes nothing, and fails where these files have others.
"""

import csv
import re
import sys

from chapters import CHAPTERS, HERE, ROOT, bugs

REFUSED = ["does not compile", "fails to build"]
TITLES = {
    "shapes": "{count} bugs of shapes and of what they stand for, of which the types do not catch {uncaught}:",
    "shards": "{count} bugs of models that are shared out over ranks, of which the types do not catch {uncaught}:",
}


def tables(summary):
    with (HERE / "results.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    outcome = {(row["system"], row["bug"]): row["outcome"] for row in rows}
    for chapter, systems in CHAPTERS.items():
        yield from table(TITLES[chapter], bugs(chapter), {**systems, "here": "here"}, outcome, summary)


def table(title, bugs, systems, outcome, summary):
    for bug in bugs:
        # A message is there where the compiler refuses the bug: tests/ui.rs holds them to it.
        outcome["here", bug.name] = "does not compile" if (bug / "bug.stderr").exists() else "silent"

    uncaught = sum(outcome["here", bug.name] == "silent" for bug in bugs)
    yield title.format(count=len(bugs), uncaught=uncaught)
    yield ""
    yield f"| {'' if summary else 'bug'} | {' | '.join(systems.values())} |"
    yield "|---|" + "---|" * len(systems)
    for bug in [] if summary else bugs:
        title = (bug / "README.md").read_text().splitlines()[0].removeprefix("# ")
        cells = (cell(outcome.get((system, bug.name), "not tried")) for system in systems)
        yield f"| [{title}](../ui-tests/gallery/{bug.name}) | {' | '.join(cells)} |"
    for name, counted in (("refused before it runs", REFUSED), ("silent", ["silent"])):
        counts = (sum(outcome.get((system, bug.name)) in counted for bug in bugs) for system in systems)
        yield f"| **{name}, of {len(bugs)}** | {' | '.join(f'**{count}**' for count in counts)} |"
    yield ""


def cell(outcome):
    return f"**{outcome}**" if outcome in REFUSED else outcome


def main():
    begin, end = "<!-- gallery -->\n", "<!-- /gallery -->\n"
    for path, summary in ((HERE / "results.md", False), (ROOT / "README.md", True)):
        text = path.read_text()
        written = re.sub(f"{begin}.*{end}", begin + "\n".join(tables(summary)) + end, text, flags=re.DOTALL)
        if sys.argv[1:] != ["--check"]:
            path.write_text(written)
        elif written != text:
            sys.exit(f"the tables in {path.name} are not those of gallery-peers/table.py")


if __name__ == "__main__":
    main()
