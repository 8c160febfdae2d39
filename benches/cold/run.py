#!/usr/bin/env python3
"""How long a program takes from its beginning to its first result, and writes results.md: the first token of a language model,
beside llama.cpp, and the first embedding of a text, beside ONNX Runtime.

    benches/cold/run.py                    # builds, installs, checks, measures and writes
    benches/cold/run.py --skip-setup --rounds 3 --firsts embedding

The file of the language model is that of benches/decode. The peers take turns in rounds, each time in a process of its own.
"""

import argparse
import datetime
import itertools
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
TEXT = "A cat sat on the mat."
# In the work folder: what examples/minilm fetches, and what is made of it for ONNX Runtime.
FOLDER, GRAPH = "all-MiniLM-L6-v2", "minilm.onnx"
IMPORTS = "import numpy, onnxruntime, tokenizers; print()"


def python(options, *arguments):
    """The command of a program in Python, which is a file here or comes after `-c`."""
    return [options.work / "venv/bin/python", *arguments]


def minilm(options, *texts):
    """The command that embeds texts with congruent."""
    return [options.work / "release" / "minilm", "--model", options.work / FOLDER, *texts]


def onnxruntime(options, *texts):
    """The command that embeds texts with ONNX Runtime."""
    files = options.work / FOLDER / "tokenizer.json", options.work / GRAPH
    return python(options, HERE / "python" / "embed.py", *files, *texts)


# Each peer by what it writes first: its command after the pinning.
FIRSTS = {
    "token": {
        "congruent": lambda options: [options.work / "release" / "chat", "--model", options.model, *CHAT],
        "llama.cpp": lambda options: python(options, HERE / "python" / "llama.py", options.model, PROMPT),
        "Python alone": lambda options: python(options, "-c", "import json; print()"),
    },
    "embedding": {
        "congruent": lambda options: minilm(options, TEXT),
        "ONNX Runtime": lambda options: onnxruntime(options, TEXT),
        "its imports alone": lambda options: python(options, "-c", IMPORTS),
    },
}
QUANTITIES = {"first": ("first result, ms", 1e3), "processor": ("processor, ms", 1e3), "peak": ("peak, MiB", 2**-10)}
STATES = {"warm": "in the page cache", "cold": "read from the disk"}
# How far two similarities may be apart: they are written with three digits.
ROUNDING = 0.0011


def set_up(options):
    """Builds the programs, installs the peers, and makes the graph of ONNX Runtime."""
    build = ["cargo", "build", "--release", "--quiet", "-p", "chat", "-p", "minilm"]
    subprocess.run(build, cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(options.work)}, check=True)
    if not (options.work / "venv").exists():
        subprocess.run([sys.executable, "-m", "venv", options.work / "venv"], check=True)
    pip = python(options, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt")
    subprocess.run(pip, check=True)
    # The program fetches the model when it is not there.
    fetched = [options.work / "release" / "minilm", TEXT]
    subprocess.run(fetched, env=os.environ | {"CONGRUENT_CACHE": str(options.work)}, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(python(options, HERE / "python" / "export.py", options.work / FOLDER, options.work / GRAPH), check=True)


def check(options):
    """Whether both embed alike: the similarities of sentences that they write."""
    texts = (HERE.parent / "peers" / "sentences.txt").read_text().splitlines()
    rows = []
    for command in (minilm, onnxruntime):
        said = subprocess.run(
            command(options, *texts), env=os.environ | counts(1), stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        rows.append([float(word) for line in said.splitlines() for word in line.split()[: len(texts)]])
    apart = max(abs(x - y) for x, y in zip(*rows, strict=True))
    if len(rows[0]) != len(texts) ** 2 or apart > ROUNDING:
        sys.exit(f"the similarities of {len(texts)} texts are up to {apart:.4f} apart: the peers do not embed alike")
    print(f"the similarities of {len(texts)} texts are at most {apart:.3f} apart", flush=True)


def counts(threads):
    """The variables that say how many threads there are."""
    return {"CONGRUENT_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}


def forget(path):
    """Lets the page cache forget a file: what is mapped elsewhere, or not yet written, stays."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_once(command, threads):
    """Seconds until something is written, seconds of processor time until the end, and the peak in KiB."""
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[-threads:]))
    start = time.monotonic()
    process = subprocess.Popen(
        ["taskset", "-c", cores, *map(str, command)],
        env=os.environ | counts(threads),
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
    """The measurements, by what is first, state, threads, peer and quantity."""
    found = {first: {} for first in options.firsts}
    saved = [options.work / FOLDER / name for name in ("config.json", "model.safetensors", "tokenizer.json")]
    files = {"token": [options.model], "embedding": [*saved, *options.work.glob(f"{Path(GRAPH).stem}.*")]}
    turns = itertools.product(range(options.rounds), options.firsts, options.states, options.threads)
    for _, first, state, threads in turns:
        peers = FIRSTS[first]
        for name in random.sample(list(peers), len(peers)):
            if state == "cold":
                for file in files[first]:
                    forget(file)
            measured = measure_once(peers[name](options), threads)
            of_peer = found[first].setdefault((state, threads), {}).setdefault(name, {})
            for quantity, value in measured.items():
                of_peer.setdefault(quantity, []).append(value * QUANTITIES[quantity][1])
    return found


def table(found, first):
    """The medians, and the least and the most of the first quantity."""
    titles = [title for title, _ in QUANTITIES.values()]
    lines = ["| the files | threads | program | " + " | ".join(titles) + " |", "|---|---|---|" + "---:|" * len(titles)]
    for (state, threads), peers in found.items():
        for name in FIRSTS[first]:
            cells = []
            for quantity in QUANTITIES:
                values = peers[name][quantity]
                spread = f" ({min(values):.0f} to {max(values):.0f})" if quantity == "first" else ""
                cells.append(f"{statistics.median(values):.0f}{spread}")
            lines.append(f"| {STATES[state]} | {threads} | {name} | " + " | ".join(cells) + " |")
    return "\n".join([f"## The first {first}", "", *lines])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words, numbers = lambda text: text.split(","), lambda text: [int(word) for word in text.split(",")]
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--states", type=words, default=list(STATES), help="warm, cold")
    parser.add_argument("--firsts", type=words, default=list(FIRSTS), help="token, embedding")
    parser.add_argument("--model", type=Path, help="the file of the language model, else fetched")
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built")
    options = parser.parse_args()
    for option, given, known in (("--states", options.states, STATES), ("--firsts", options.firsts, FIRSTS)):
        if unknown := set(given) - set(known):
            parser.error(f"{option}: there is no {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    options.model = options.model or fetch(options.work)
    if not options.skip_setup:
        set_up(options)
    if "embedding" in options.firsts:
        check(options)
    load = os.getloadavg()[0]
    text = "\n\n".join(table(found, first) for first, found in measure(options).items())
    print(text)
    model = next((line.split(": ")[1] for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown").strip()
    about = f"Of {options.rounds} rounds the medians, on {datetime.date.today()}; {model}, {os.cpu_count()} cores, load {load:.1f}."
    (HERE / "results.md").write_text(f"# From the beginning of a process to the first result\n\n{about}\n\n{text}\n")


if __name__ == "__main__":
    main()
