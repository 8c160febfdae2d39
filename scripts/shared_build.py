#!/usr/bin/env python3
"""Whether all examples share one build of the library: whether it, and what it needs, has the same features in each of them.

`speak` has none of what the others have in common, so that the first program that a stranger runs is there soon; and `web` needs no
library, as its page is built for WebAssembly."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
ALONE = {"common", "hub", "speak", "web"}


def tree(*arguments):
    command = ["cargo", "tree", "--quiet", "--prefix", "none", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def crate(line):
    """Name and version: others of one name have features of their own."""
    return " ".join(line.split()[:2])


def features(package, of):
    """The features of each of the packages `of`, in a build of one package."""
    lines = tree("-p", package, "-e", "normal,build", "-f", "{p}|{f}")
    pairs = [line.removesuffix(" (*)").split("|") for line in lines if "|" in line]
    return {(crate(name), features) for name, features in pairs if crate(name) in of}


def main():
    needed = {crate(line) for line in tree("-p", "congruent", "-e", "normal,build", "--all-features") if line}
    examples = sorted(path.parent.name for path in ROOT.glob("examples/*/Cargo.toml"))
    builds = {name: features(name, needed) for name in examples if name not in ALONE}
    first = next(iter(builds))
    different = False
    for name, build in builds.items():
        for package, of in sorted(build ^ builds[first]):
            different = True
            print(f"{package} [{of}] is not both in {first} and in {name}")
    if different:
        print("examples/common/Cargo.toml should bring these features to all of them")
    sys.exit(different)


main()
