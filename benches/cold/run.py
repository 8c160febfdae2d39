#!/usr/bin/env python3
"""How long a program takes from its beginning to the first token of a language model, beside llama.cpp; writes results.md.

    benches/cold/run.py                    # builds, installs, measures and writes
    benches/cold/run.py --skip-setup --rounds 3

The file of the model is that of benches/decode. The peers take turns in rounds, each time in a process of its own.
"""

import argparse
import datetime
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Before this folder, whose `run` is this file.
sys.path.insert(0, str(HERE.parent / "decode"))
from run import fetch

WORK = ROOT / "target" / "cold"
PROMPT = "The capital of France is"
CHAT = ["--raw", "--temperature", "0", "--max-tokens", "1", PROMPT]
# Each peer: its command after the pinning, of the work folder and the file of the model.
PEERS = {
    "congruent": lambda work, model: [work / "release" / "chat", "--model", model, *CHAT],
    "llama.cpp": lambda work, model: [work / "venv/bin/python", HERE / "python" / "llama.py", model, PROMPT],
    "Python alone": lambda work, model: [work / "venv/bin/python", "-c", "import json; print()"],
}
QUANTITIES = {"first": ("first token, ms", 1e3), "processor": ("processor, ms", 1e3), "peak": ("peak, MiB", 2**-10)}
STATES = {"warm": "in the page cache", "cold": "read from the disk"}


def set_up(work):
    """Builds the program, and installs the peer."""
    build = ["cargo", "build", "--release", "--quiet", "-p", "chat"]
    subprocess.run(build, cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(work)}, check=True)
    if not (work / "venv").exists():
        subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
    pip = [work / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"]
    subprocess.run(pip, check=True)


def forget(path):
    """Lets the page cache forget a file: what is mapped elsewhere, or not yet written, stays."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_once(command, threads):
    """Seconds until something is written, seconds of processor time until the end, and the peak in KiB."""
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[-threads:]))
    counts = {"CONGRUENT_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    start = time.monotonic()
    process = subprocess.Popen(
        ["taskset", "-c", cores, *map(str, command)],
        env=os.environ | counts,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    written = process.stdout.read(1)
    first = time.monotonic() - start
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not written:
        sys.exit(f"{command[0]} ended with {process.returncode}, and wrote {'something' if written else 'nothing'}")
    return {"first": first, "processor": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss}


def measure(options):
    """The measurements, by state, threads, peer and quantity."""
    found = {}
    turns = [(state, threads) for _ in range(options.rounds) for state in options.states for threads in options.threads]
    for state, threads in turns:
        for name in random.sample(list(PEERS), len(PEERS)):
            if state == "cold":
                forget(options.model)
            measured = measure_once(PEERS[name](options.work, options.model), threads)
            of_peer = found.setdefault((state, threads), {}).setdefault(name, {})
            for quantity, value in measured.items():
                of_peer.setdefault(quantity, []).append(value * QUANTITIES[quantity][1])
    return found


def table(found):
    """The medians, and the least and the most of the first quantity."""
    titles = [title for title, _ in QUANTITIES.values()]
    lines = ["| the file | threads | program | " + " | ".join(titles) + " |", "|---|---|---|" + "---:|" * len(titles)]
    for (state, threads), peers in found.items():
        for name in PEERS:
            cells = []
            for quantity in QUANTITIES:
                values = peers[name][quantity]
                spread = f" ({min(values):.0f} to {max(values):.0f})" if quantity == "first" else ""
                cells.append(f"{statistics.median(values):.0f}{spread}")
            lines.append(f"| {STATES[state]} | {threads} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words, numbers = lambda text: text.split(","), lambda text: [int(word) for word in text.split(",")]
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--states", type=words, default=list(STATES), help="warm, cold")
    parser.add_argument("--model", type=Path, help="the model's file, else fetched")
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built")
    options = parser.parse_args()
    if unknown := set(options.states) - set(STATES):
        parser.error(f"no state {', '.join(unknown)}; there are: {', '.join(STATES)}")
    options.work.mkdir(parents=True, exist_ok=True)
    options.model = options.model or fetch(options.work)
    if not options.skip_setup:
        set_up(options.work)
    text = table(measure(options))
    print(text)
    model = next((line.split(": ")[1] for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown").strip()
    about = f"Of {options.rounds} rounds the medians, on {datetime.date.today()}; {model}, {os.cpu_count()} cores."
    (HERE / "results.md").write_text(f"# From the beginning of a process to the first token\n\n{about}\n\n{text}\n")


if __name__ == "__main__":
    main()
