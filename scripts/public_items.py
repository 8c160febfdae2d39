#!/usr/bin/env python3
"""What the crate makes public, a line each, in public-items.txt: what a change adds and takes away is seen in its diff.

    public_items.py          writes the list, of rustdoc's JSON that the nightly toolchain makes
    public_items.py JSON     the same, of a JSON file that is there
    public_items.py --check [JSON]  fails if the list is not that of the crate

Names and kinds alone: signatures are compared with the last version by cargo-semver-checks."""

import argparse
import difflib
import sys

from rustdoc import ROOT, Crate, crate_from

LIST = ROOT / "public-items.txt"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", nargs="?")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    items = Crate(crate_from(arguments.json)).items()
    # Of the numbers up to 1024, the module that has them.
    lines = sorted({f"{path} {kind}" for path, kind, _ in items if not path.startswith("dim::numbers::")})
    if not arguments.check:
        LIST.write_text("\n".join(lines) + "\n")
        return
    differences = list(difflib.unified_diff(LIST.read_text().splitlines(), lines, "public-items.txt", "the crate", n=0, lineterm=""))
    if differences:
        print("\n".join(differences))
        sys.exit("what is public has changed: scripts/public_items.py writes the list anew")


main()
