#!/usr/bin/env python3
"""How long the messages of the UI tests are: the errors and lines of every .stderr, the longest first, and their totals."""

import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_ERRORS, MOST_LINES = 2, 30  # for one mistake


def counts(text):
    """The errors of a message, and its lines."""
    return len(re.findall(r"^error(\[E\d+\])?: ", text, re.MULTILINE)), len(text.strip().splitlines())


def main():
    messages = {path: counts(path.read_text()) for path in sorted((ROOT / "ui-tests").rglob("*.stderr"))}
    if not messages:
        sys.exit("there is no .stderr in ui-tests")
    print("errors  lines")
    for path, (errors, lines) in sorted(messages.items(), key=lambda entry: entry[1][::-1], reverse=True):
        print(f"{errors:6} {lines:6}  {path.relative_to(ROOT / 'ui-tests')}")
    errors, lines = zip(*messages.values())
    print(f"\n{len(messages)} messages, errors and lines:")
    print(f"median {statistics.median(errors):g} and {statistics.median(lines):g}, most {max(errors)} and {max(lines)}")
    print(f"{sum(n > MOST_ERRORS for n in errors)} of more than {MOST_ERRORS} errors", end=", ")
    print(f"{sum(n > MOST_LINES for n in lines)} of more than {MOST_LINES} lines")


if __name__ == "__main__":
    main()
