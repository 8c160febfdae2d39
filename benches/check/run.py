#!/usr/bin/env python3
"""How long `cargo check` takes for a program that uses a tensor library, and how that grows.

The programs stand in `programs/SYSTEM`: an encoder whose every layer is a function of its own, and a
file of shape relations on dimensions of its own for every twenty. What stands between `// REPEAT` and
`// END` is written out once for each number, which replaces `NN`. Before each check `// EDIT` becomes
another statement, so that there is something to check; the dependencies have been checked before.
The seconds are of the processor, user and system: what else the machine does counts little.

    benches/check/run.py --write    # measures all systems, and updates results.md
"""

import argparse
import datetime
import os
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
DEPENDENCIES = {
    "congruent": f'congruent = {{ path = "{REPOSITORY}" }}',
    "candle": 'candle-core = "=0.11.1"\ncandle-nn = "=0.11.1"',
    "burn": 'burn = { version = "=0.22.1", default-features = false, features = ["std", "flex"] }',
    "dfdx": 'dfdx = { version = "=0.13.0", default-features = false, features = ["std", "cpu"] }',
}
# Each program: its template, and how often it repeats.
PROGRAMS = {
    "empty": ("empty", 0),
    "encoder_12": ("encoder", 12),
    "encoder_24": ("encoder", 24),
    "encoder_48": ("encoder", 48),
    "relations_100": ("relations", 5),
    "relations_200": ("relations", 10),
    "relations_500": ("relations", 25),
}
MODES = {"whole": "0", "edit": "1"}  # the value of CARGO_INCREMENTAL


def expand(template, count):
    """The template with its repeated blocks written out."""

    def repeat(block):
        return "".join(block[1].replace("NN", f"{number:02}") for number in range(count))

    return re.sub(r"^ *// REPEAT\n(.*?)^ *// END\n", repeat, template, flags=re.MULTILINE | re.DOTALL)


class Project:
    """The programs of one system, in a workspace of their own."""

    def __init__(self, system, work):
        self.system = system
        self.folder = work / system
        self.sources = {}
        (self.folder / "src/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / "rust-toolchain.toml", self.folder)
        manifest = f'[package]\nname = "check-{system}"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n'
        (self.folder / "Cargo.toml").write_text(f"{manifest}\n[dependencies]\n{DEPENDENCIES[system]}\n")
        lock = HERE / "programs" / system / "Cargo.lock"
        if lock.exists():
            shutil.copy(lock, self.folder)
        for program, (template, count) in PROGRAMS.items():
            path = HERE / "programs" / system / f"{template}.rs"
            if path.exists():
                self.sources[program] = expand(path.read_text(), count)
                self.write(program, "")

    def write(self, program, edit):
        """Writes a program, the statement `edit` in it."""
        path = self.folder / "src/bin" / f"{program}.rs"
        path.write_text(self.sources[program].replace("// EDIT", edit, 1).replace("// EDIT", ""))

    def check(self, mode, *arguments):
        """Runs `cargo check`, and returns the processor seconds that it took."""
        environment = os.environ | {
            "CARGO_INCREMENTAL": MODES[mode],
            "CARGO_TARGET_DIR": str(self.folder / "target"),
        }
        command = ["cargo", "check", "--quiet", *arguments]
        before = processor_seconds()
        done = subprocess.run(command, cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0 or done.stderr:
            raise SystemExit(f"{self.system}: {' '.join(command)}\n{done.stderr}")
        return processor_seconds() - before


def processor_seconds():
    """What the processes that this one started have taken so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(projects, runs):
    """The median seconds of each check, by mode, system and program."""
    seconds = {}
    for mode in MODES:
        for project in projects:
            project.check(mode, "--bins")
        for run in range(runs):
            for program in PROGRAMS:
                # One system after another, so that all of them suffer from the same noise.
                for project in (project for project in projects if program in project.sources):
                    # The time makes it a new one in each call of this script.
                    project.write(program, f"let _ = {time.time_ns()}u64;")
                    taken = project.check(mode, "--bin", program)
                    seconds.setdefault((mode, project.system, program), []).append(taken)
            print(f"{mode}: run {run + 1} of {runs}", flush=True)
    return {key: statistics.median(values) for key, values in seconds.items()}


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def table(head, rows):
    return row(head) + row(["---"] + ["---:"] * (len(head) - 1)) + "".join(map(row, rows))


def growth_table(seconds, mode, systems, template, counted):
    """The seconds of the programs of one template; how they grow, where the whole program is checked."""
    units = {program: count for program, (name, count) in PROGRAMS.items() if name == template}
    if template == "relations":
        units = {program: 20 * count for program, count in units.items()}
    few, many = list(units)[0], list(units)[-1]
    systems = [system for system in systems if (mode, system, many) in seconds]
    head = ["system", "empty", *(f"{count} {counted}" for count in units.values())]
    rows = []
    for system in systems:
        floor = seconds[mode, system, "empty"]
        taken = {program: seconds[mode, system, program] for program in units}
        cells = [system, f"{floor:.2f}", *(f"{value:.2f}" for value in taken.values())]
        if mode == "whole":
            each = (taken[many] - taken[few]) / (units[many] - units[few])
            cells += [f"{1000 * each:.1f}", f"× {(taken[many] - floor) / (taken[few] - floor):.1f}"]
        if "candle" in systems:
            cells.append(f"{taken[many] / seconds[mode, 'candle', many]:.2f}")
        rows.append(cells)
    if mode == "whole":
        head += [f"ms per {counted[:-1]}", f"growth, {units[many] / units[few]:g} times the {counted}"]
    if "candle" in systems:
        head.append(f"{units[many]} {counted}, to candle")
    return table(head, rows)


def report(seconds, systems, runs):
    """What results.md says below its first lines."""
    compiler = subprocess.run(["rustc", "--version"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    version = " ".join(compiler.stdout.split()[:2])
    titles = {"whole": "The whole program (`CARGO_INCREMENTAL=0`)", "edit": "After an edit of a function (incremental)"}
    text = f"Processor seconds of `cargo check`, medians of {runs} runs: {os.cpu_count()} cores, {version}, "
    text += f"{datetime.date.today()}, `benches/check/run.py --runs {runs}`.\n"
    for mode, title in titles.items():
        text += f"\n## {title}\n\n" + growth_table(seconds, mode, systems, "encoder", "layers")
        if set(systems) & {"congruent", "dfdx"}:
            text += "\n" + growth_table(seconds, mode, systems, "relations", "relations")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="checks of each program")
    parser.add_argument("--systems", nargs="+", choices=DEPENDENCIES, default=list(DEPENDENCIES))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "congruent-check")
    parser.add_argument("--write", action="store_true", help="update results.md")
    options = parser.parse_args()
    projects = [Project(system, options.work.resolve()) for system in options.systems]
    seconds = measure(projects, options.runs)
    text = report(seconds, options.systems, options.runs)
    print(text, end="")
    if options.write:
        path = HERE / "results.md"
        kept = path.read_text().partition("<!-- measured -->\n")[0]
        path.write_text(f"{kept}<!-- measured -->\n{text}")


if __name__ == "__main__":
    main()
