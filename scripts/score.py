#!/usr/bin/env python3
"""What becomes of programs that have a bug, and of the same programs mended.

Every folder beneath a given one that has a bug.rs is a program. They are checked as those of a user's crate, one that
depends on congruent, and what compiles is run:

    refused   `cargo check` refuses bug.rs
    error     it compiles, and ends with an error or a panic
    silent    it compiles, runs, and reports nothing
    as fixed  it compiles, runs, and prints what fixed.rs prints, which is not nothing

Programs whose README.md says "Source: none", or names none, were made up, and are counted apart.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTCOMES = ["refused", "error", "silent", "as fixed"]
PATIENCE = 60  # seconds that a program may run
ENVIRONMENT = {**os.environ, "RUST_BACKTRACE": "0", "CARGO_TERM_COLOR": "never"}

# As in the Cargo.toml of the repository: what it has built need not be built again.
MANIFEST = """\
[package]
name = "score"
version = "0.0.0"
edition = "2024"

[dependencies]
congruent = {{ path = {congruent}, features = ["gguf", "safetensors"] }}

[profile.dev]
opt-level = 1
debug = false
[profile.dev.package."*"]
opt-level = 3

[workspace]
"""


class Program:
    """The source of one program, and what came of it."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        self.errors = self.lines = 0  # of what the compiler says
        self.outcome = self.printed = None


class Entry:
    """A folder: the program with the bug, and mended."""

    def __init__(self, number, folder):
        self.folder = folder
        self.bug = Program(folder / "bug.rs", f"bug-{number}")
        self.fixed = Program(folder / "fixed.rs", f"fixed-{number}")
        readme = folder / "README.md"
        sources = [line for line in readme.read_text().splitlines() if line.startswith("Source:")] if readme.exists() else []
        self.has_source = bool(sources) and not sources[0].startswith("Source: none")

    def programs(self):
        return [program for program in (self.bug, self.fixed) if program.path.exists()]

    def outcome(self):
        if self.bug.outcome == "silent" and self.bug.printed and self.bug.printed == self.fixed.printed:
            return "as fixed"
        return self.bug.outcome

    def mended(self):
        if not self.fixed.path.exists():
            return "none"
        return "runs" if self.fixed.outcome == "silent" else self.fixed.outcome


def score(folders, congruent):
    """The entries of these folders, each with what became of it."""
    bugs = sorted(bug for folder in folders for bug in pathlib.Path(folder).resolve().rglob("bug.rs"))
    entries = [Entry(number, bug.parent) for number, bug in enumerate(bugs)]
    programs = [program for entry in entries for program in entry.programs()]
    target = pathlib.Path(ENVIRONMENT.get("CARGO_TARGET_DIR", congruent / "target"))
    crate = target / "score"  # in one place, so that congruent is built once
    crate.mkdir(parents=True, exist_ok=True)
    write_crate(crate, programs, congruent)
    check(crate, target, programs)
    run(crate, target, [program for program in programs if program.outcome is None])
    return entries


def write_crate(crate, programs, congruent):
    manifest = MANIFEST.format(congruent=json.dumps(str(congruent)))
    for program in programs:
        manifest += f"\n[[bin]]\nname = {json.dumps(program.name)}\npath = {json.dumps(str(program.path))}\n"
    (crate / "Cargo.toml").write_text(manifest)
    (crate / "Cargo.lock").write_bytes((congruent / "Cargo.lock").read_bytes())


def cargo(crate, target, *arguments):
    command = ["cargo", *arguments, "--keep-going", "--message-format=json", "--target-dir", str(target)]
    result = subprocess.run(command, cwd=crate, env=ENVIRONMENT, capture_output=True, text=True)
    return result, [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def check(crate, target, programs):
    """Marks the programs that `cargo check` refuses, and counts what it says of them."""
    by_name = {program.name: program for program in programs}
    result, messages = cargo(crate, target, "check", "--bins")
    for entry in messages:
        # Without a place in the source it is the number of errors, which the count has already.
        if entry["reason"] == "compiler-message" and entry["message"]["level"] == "error" and entry["message"]["spans"]:
            program = by_name.get(entry["target"]["name"])
            if program is None:
                sys.exit(entry["message"]["rendered"])
            program.outcome = "refused"
            program.errors += 1
            program.lines += len(entry["message"]["rendered"].strip().splitlines())
    if result.returncode and not any(program.outcome for program in programs):
        sys.exit(result.stderr)


def run(crate, target, programs):
    if not programs:
        return
    result, messages = cargo(crate, target, "build", *(argument for p in programs for argument in ("--bin", p.name)))
    built = {entry["target"]["name"]: entry["executable"] for entry in messages if entry.get("executable")}
    for program in programs:
        if program.name not in built:
            sys.exit(f"{program.path} is checked and not built:\n{result.stderr}")
        try:
            ended = subprocess.run(
                [built[program.name]], cwd=crate, env=ENVIRONMENT, capture_output=True, timeout=PATIENCE
            )
            program.outcome = "error" if ended.returncode else "silent"
            program.printed = ended.stdout
        except subprocess.TimeoutExpired:
            program.outcome = "error"


def report(entries):
    common = pathlib.Path(os.path.commonpath([entry.folder.parent for entry in entries]))
    print("bug       errors  lines  fixed.rs")
    for entry in entries:
        said = f"{entry.bug.errors:6} {entry.bug.lines:6}" if entry.bug.errors else " " * 13
        print(f"{entry.outcome():9} {said}  {entry.mended():8}  {entry.folder.relative_to(common)}")
    print()
    total("with a source", [entry for entry in entries if entry.has_source])
    total("made up", [entry for entry in entries if not entry.has_source])


def total(name, entries):
    if entries:
        count = collections.Counter(entry.outcome() for entry in entries)
        shares = ", ".join(f"{count[outcome]} {outcome}" for outcome in OUTCOMES if count[outcome])
        share = f"{100 * count['refused'] / len(entries):.0f} % refused"
        right = sum(entry.mended() == "runs" for entry in entries)
        print(f"{name}: {len(entries)} bugs, {share}: {shares}; {right} of {len(entries)} fixed.rs compile and run")


WRONG = {
    "refused": "use congruent::{Tensor, dims};\ndims! { A = 2; B = 2; }\nfn f(x: &Tensor<(A,)>) { let y = x.sum(B); }\nfn main() {}\n",
    "error": 'fn main() { panic!("of the wrong size") }\n',
    "silent": 'fn main() { println!("2") }\n',
    "as fixed": 'fn main() { println!("1") }\n',
}


def self_test():
    """That each outcome is told from the others."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, program) in enumerate(WRONG.items()):
            entry = pathlib.Path(folder) / name
            entry.mkdir()
            (entry / "README.md").write_text(["Source: none; made up.\n", "Source: owner/name#1.\n"][number % 2])
            (entry / "bug.rs").write_text(program)
            # That of the silent one is refused.
            (entry / "fixed.rs").write_text('fn main() { println!("1") }\n' if name != "silent" else WRONG["refused"])
        entries = score([folder], ROOT)
        report(entries)
        found = {entry.folder.name: entry.outcome() for entry in entries}
        assert found == {name: name for name in WRONG}, found
        mended = {entry.folder.name: entry.mended() for entry in entries}
        assert mended == {name: "refused" if name == "silent" else "runs" for name in WRONG}, mended
        said = {entry.folder.name: (entry.bug.errors, entry.bug.lines > 3) for entry in entries}
        assert said == {name: (name == "refused",) * 2 for name in WRONG}, said
        sources = {entry.folder.name for entry in entries if entry.has_source}
        assert sources == set(list(WRONG)[1::2]), sources


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    gallery = ROOT / "ui-tests" / "gallery"
    parser.add_argument("folders", nargs="*", default=[gallery], help="with programs (default: ui-tests/gallery)")
    parser.add_argument("--congruent", type=pathlib.Path, default=ROOT, help="another copy of the repository")
    parser.add_argument("--self-test", action="store_true", help="of this script, on programs of its own")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    entries = score(arguments.folders, arguments.congruent.resolve())
    if not entries:
        sys.exit("there is no bug.rs")
    report(entries)


if __name__ == "__main__":
    main()
