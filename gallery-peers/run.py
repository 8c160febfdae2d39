#!/usr/bin/env python3
"""Runs every bug of the gallery in other systems, and writes what came of it to results.tsv.

Each system has a folder of small programs, one for each bug of its chapter, of the bug's name. A program commits the bug and
prints `right` or `wrong: ..`; whatever error the system has is left to end it. So a bug

    does not compile   `cargo check` refuses the program
    fails to build     `cargo check` accepts it, `cargo build` does not
    error              it ends with an error or a panic
    silent             it prints wrong numbers
    right              it prints the right ones
    not tried          there is no program, for the reason given in not-tried.tsv

What is of Python needs nothing but its packages: `pip install torch numpy spmd-types`; and the others need cargo.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys

from chapters import HERE, SYSTEMS, bugs_of

ENVIRONMENT = {**os.environ, "RUST_BACKTRACE": "0", "CARGO_TERM_COLOR": "never", "PYTHONPATH": str(HERE)}


def run(command, folder):
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


def outcome_of_run(result):
    """What a program that was started came to: its outcome and the line that says so."""
    if result.returncode == 0:
        line = result.stdout.strip().splitlines()[-1]
        return ("right" if line == "right" else "silent"), line
    return "error", short(message(result.stderr))


def message(stderr):
    """The line of an error or a panic that says what is wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if re.match(r"thread '.*' \(?.*panicked at", line):
            rest = lines[number + 1 :]
            # burn's messages have a frame, and the reason stands on a line of its own.
            reason = [line for line in rest if re.match(r"\d+\. ", line)]
            return (reason or rest)[0]
    errors = [line for line in lines if re.match(r"\w*Error\b", line)]
    return (errors or lines)[-1 if not errors else 0]


def short(text):
    return text if len(text) <= 160 else text[:157] + "..."


def compile_errors(folder, command):
    """The first error of each program that `cargo check` or `cargo build` refuses."""
    errors = {}
    result = run(["cargo", command, "--bins", "--keep-going", "--message-format=json"], folder)
    for line in result.stdout.splitlines():
        entry = json.loads(line)
        if entry["reason"] != "compiler-message" or entry["message"]["level"] != "error":
            continue
        code = (entry["message"].get("code") or {}).get("code")
        text = entry["message"]["message"].splitlines()[0]
        errors.setdefault(entry["target"]["name"], short(f"{code}: {text}" if code else text))
    if result.returncode != 0 and not errors:
        sys.exit(f"cargo {command} failed in {folder}:\n{result.stderr[-2000:]}")
    return errors


def python_system(folder):
    for bug in bugs_of(folder.name):
        program = folder / f"{bug}.py"
        if program.exists():
            yield bug, *outcome_of_run(run([sys.executable, program.name], folder))


def cargo_system(folder):
    target = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version=1"], folder).stdout)
    refused = compile_errors(folder, "check")
    not_built = compile_errors(folder, "build")
    for bug in bugs_of(folder.name):
        if not (folder / "src" / "bin" / f"{bug}.rs").exists():
            continue
        if bug in refused:
            yield bug, "does not compile", refused[bug]
        elif bug in not_built:
            yield bug, "fails to build", not_built[bug]
        else:
            program = pathlib.Path(target["target_directory"]) / "debug" / bug
            yield bug, *outcome_of_run(run([str(program)], folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    chosen = parser.parse_args().systems

    results = HERE / "results.tsv"
    rows = {}
    if results.exists():
        with results.open(newline="") as file:
            rows = {(row["system"], row["bug"]): row for row in csv.DictReader(file, delimiter="\t")}
    for system in chosen:
        folder = HERE / system
        rows = {key: row for key, row in rows.items() if key[0] != system}
        for bug in bugs_of(system):
            rows[system, bug] = {"outcome": "not tried", "says": ""}
        reasons = folder / "not-tried.tsv"
        for line in reasons.read_text().splitlines() if reasons.exists() else []:
            bug, reason = line.split("\t")
            rows[system, bug]["says"] = reason
        for bug, outcome, says in (cargo_system if (folder / "Cargo.toml").exists() else python_system)(folder):
            rows[system, bug] = {"outcome": outcome, "says": says}
            print(f"{system:17} {bug:48} {outcome:17} {says}")
    with results.open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(["system", "bug", "outcome", "says"])
        for system in SYSTEMS:
            for bug in bugs_of(system):
                if row := rows.get((system, bug)):
                    writer.writerow([system, bug, row["outcome"], row["says"].replace("\t", " ")])


if __name__ == "__main__":
    main()
