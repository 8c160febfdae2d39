#!/usr/bin/env python3
"""What steps allocate, and what whole programs hold; writes results.md.

    benches/memory/run.py

The program is that of benches/peers, with an allocator that counts (the crate `dhat`).
"""

import argparse
import datetime
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "peers"
sys.path.append(str(PEERS))
import environment
import processes

WORK = HERE.parent.parent / "target" / "peers"
# What is measured, and its case, as in benches/peers/cases.txt.
STEPS = {
    "product of 640 × 512 and 512 × 512": "matmul 640 512 512",
    "linear layer on 640 rows, 512 to 512": "linear 640 512 512",
    "attention of 32 × 8 heads, 20 tokens": "attention 32 8 20 64",
    "attention of 8 heads, 2048 tokens": "attention 1 8 2048 64",
    "encoder layer, 32 × 20 tokens": "encoder 32 20 8 64 2048",
    "encoder layer, 512 tokens": "encoder 1 512 8 64 2048",
    "12 encoder layers, 32 × 20 tokens": "stack 32 20 8 64 2048 12",
    "one new token beside 512: attention and feed-forward": "decode 512 8 64 2048",
    "Llama of 4 layers, 576 wide: one new token beside 512 in the cache": "llama_step 512 3 3 64 1536 4",
    "MiniLM, 64 sentences": "minilm 0 64",
    "MiniLM, one sentence": "minilm 13 1",
}
THREADS = [1, 2]


def allocations(work, threads):
    """The allocations of a step, their bytes, and the most bytes that it holds at once: by case."""
    lines = [f"{i} {case}" for i, case in enumerate(STEPS.values())]
    program = ["rust", "congruent-memory"]
    rows, problem = processes.run(program, lines, threads, work, PEERS_MODE="memory")
    if problem:
        raise SystemExit(problem)
    return {row[0]: list(map(int, row[1:])) for row in rows}


def resident(work, case):
    """The most memory that a process has held in one step of a case, in MiB: weights, inputs and program included."""
    files = {"PEERS_MODE": "check", "PEERS_TOKENS": str(work / "tokens.txt"), "PEERS_MODEL": (work / "model.txt").read_text()}
    program = [work / "target/release/congruent"]
    done = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=os.environ | files, text=True)
    done.stdin.write(f"case {case}\n")
    done.stdin.close()
    _, status, usage = os.wait4(done.pid, 0)
    if status:
        raise SystemExit(f"{case} ended with {status}")
    return usage.ru_maxrss / 1024


def markdown(work):
    counted = {threads: allocations(work, threads) for threads in THREADS}
    text = f"""# What is allocated

congruent {environment.commit()}, {datetime.date.today()}, `benches/memory/run.py`. One step, after two others: how often it
allocates, and how many bytes in all, with the memory that they left; and the most that one holds at once without it, besides
its input and the weights, its result included.
The last column is the most that a process holds which does nothing but one such step: weights, input and program included.

| step | allocations, 1 thread | 2 threads | MiB in all | MiB at once | process, MiB |
|---|---:|---:|---:|---:|---:|
"""
    for i, (step, case) in enumerate(STEPS.items()):
        (once, total, most), (twice, _, _) = (counted[threads][str(i)] for threads in THREADS)
        sizes = " | ".join(f"{size / 2**20:.2f}" for size in (total, most))
        text += f"| {step} | {once} | {twice} | {sizes} | {resident(work, case):.0f} |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built")
    options = parser.parse_args()
    work = options.work.resolve()
    if not options.skip_setup:
        environment.build_own(work)
        if problems := environment.prepare(work):
            raise SystemExit(problems)
    text = markdown(work)
    (HERE / "results.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
