#!/usr/bin/env python3
"""Measures congruent beside other libraries, on the same work, and writes the results of this processor into `results`, and all into
results.md.

    benches/peers/run.py                               # sets everything up, checks, measures, and writes
    benches/peers/run.py --skip-setup --rounds 1 --peers torch,candle --cases 'sdpa_*' --threads 1
    benches/peers/run.py --skip-setup --check          # whether all peers give what congruent gives
    benches/peers/run.py --report-only                 # the tables and pictures of the results that there are

The peers take turns in rounds, each a process of its own that is pinned to as many cores as it has threads, so that
all of them suffer from the same noise. A run of some peers, cases or thread counts is printed, and written to the
work folder alone.
"""

import argparse
import datetime
import fnmatch
import json
import math
import os
import random
import time
from pathlib import Path

import environment
import report
from processes import PEERS, run

HERE = Path(__file__).resolve().parent
WORK = HERE.parent.parent / "target" / "peers"
# How far a result may be from congruent's, in parts of its largest value.
TOLERANCE = 1e-4
# Of results in `bf16`, of 8 digits: as far as its neighbour.
TOLERANCE_BF16 = 2**-7


def cases(patterns):
    """The lines of cases.txt whose names match one of the patterns."""
    lines = [line for line in (HERE / "cases.txt").read_text().splitlines() if line and not line.startswith("#")]
    return [line for line in lines if any(fnmatch.fnmatch(line.split()[0], pattern) for pattern in patterns)]


def distance(found, wanted):
    """How far a result is from what is wanted, in parts of its largest value: each is a count and some of the values."""
    (count, values), (wanted_count, wanted_values) = found, wanted
    if count != wanted_count or not all(map(math.isfinite, values)):
        return math.inf
    largest = max(map(abs, wanted_values), default=0)
    return max((abs(x - y) for x, y in zip(values, wanted_values)), default=math.inf) / (largest or 1)


def check(peers, lines, work, problems):
    """Compares what the peers give with what congruent gives; returns the pairs of peer and case that differ."""
    variables = {"PEERS_MODE": "check"}
    read = lambda result: (int(result[0]), [float(value) for value in result[1].split()])
    # A result may have several parts: a loss and gradients.
    expected = {(row[0], row[1]): read(row[2:]) for row in run(PEERS["congruent"][0], lines, 2, work, **variables)[0]}
    allowed = {name: TOLERANCE_BF16 if kind.endswith("_bf16") else TOLERANCE for name, kind, *_ in map(str.split, lines)}
    wrong = set()
    for peer in peers:
        found, problem = run(PEERS[peer][0], lines, 2, work, **variables)
        if problem:
            problems.setdefault(peer, problem)
        distances = {}
        for case, part, *result in found:
            apart = distance(read(result), expected.get((case, part), (0, [])))
            distances[case] = max(apart, distances.get(case, 0))
        for case, _ in {part for part in expected if part[0] in distances} - {(row[0], row[1]) for row in found}:
            distances[case] = math.inf
        for case, apart in distances.items():
            if apart > allowed[case]:
                wrong.add((peer, case))
                problems[peer] = f"{problems.get(peer, '')} {case} differs by {apart:.1e}".strip()
        furthest = max((apart for case, apart in distances.items() if apart <= allowed[case]), default=0)
        print(f"check: {peer:14} {len(distances):3} cases, furthest {furthest:.1e} {problems.get(peer, '')}", flush=True)
    return wrong


def measure(peers, lines, options, wrong, problems):
    """The medians in nanoseconds, one for each round: by case, threads and peer."""
    medians = {line.split()[0]: {str(threads): {} for threads in options.threads} for line in lines}
    for number in range(options.rounds):
        for threads in options.threads:
            for peer in random.sample(peers, len(peers)):
                start = time.monotonic()
                found, problem = run(PEERS[peer][0], lines, threads, options.work)
                seconds = time.monotonic() - start
                if problem:
                    problems.setdefault(peer, problem)
                best = {}
                # A peer that has two ways to do a case is as fast as the faster one.
                for case, median in found:
                    best[case] = min(float(median), best.get(case, math.inf))
                for case, median in best.items():
                    if (peer, case) not in wrong:
                        medians[case][str(threads)].setdefault(peer, []).append(median)
                said = f"round {number + 1}, {threads} threads: {peer}, {len(best)} cases in {seconds:.0f} s {problem}"
                print(said, flush=True)
    return medians


def peaks(lines, medians, options):
    """For cases of training the most memory that a process of its own holds, and what it holds before, by peer in KiB."""
    found = {}
    for line in lines:
        case, kind, *_ = line.split()
        if kind.startswith("train_"):
            for peer in {peer for by_peer in medians[case].values() for peer in by_peer}:
                rows, _ = run(PEERS[peer][0], [line], max(options.threads), options.work, PEERS_MODE="peak")
                found.setdefault(case, {}).update({peer: [int(peak), int(before)] for _, peak, before in rows})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS), help="names, with commas between")
    parser.add_argument("--cases", type=lambda text: text.split(","), default=["*"], help="patterns such as 'gemm_*,enc_fwd'")
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built, and checked")
    parser.add_argument("--check", action="store_true", help="compare the results of the peers, and measure nothing")
    parser.add_argument("--write", action="store_true", help="write the results though not all peers, cases or threads were run")
    parser.add_argument("--report-only", action="store_true", help="write the tables and pictures again")
    options = parser.parse_args()
    if options.report_only:
        return report.write(HERE)
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"no such peers: {', '.join(sorted(unknown))}")

    options.work = options.work.resolve()
    peers = ["congruent", *(peer for peer in options.peers if peer != "congruent")]
    lines, problems, wrong = cases(options.cases), {}, set()
    if not options.skip_setup:
        problems = environment.set_up([PEERS[peer][0] for peer in peers], options.work)
        peers = [peer for peer in peers if peer not in problems]
        if "congruent" not in peers:
            raise SystemExit(problems["congruent"])
    if options.check or not options.skip_setup:
        wrong = check(peers, lines, options.work, problems)
    if options.check:
        raise SystemExit(bool(wrong))
    load = os.getloadavg()[0]
    medians = measure(peers, lines, options, wrong, problems)
    versions = environment.versions({peer: PEERS[peer][1] for peer in peers}, options.work)
    results = {
        "machine": environment.machine(),
        "load": round(load, 1),
        "date": str(datetime.date.today()),
        "rounds": options.rounds,
        "versions": versions | {"congruent": environment.commit()},
        "problems": problems,
        "nanoseconds": medians,
        "kibibytes": peaks(lines, medians, options),
    }
    complete = options.write or options.peers == list(PEERS) and options.cases == ["*"] and options.threads == [1, 2]
    if complete:
        (HERE / "results" / f"{environment.processor()}.json").write_text(json.dumps(results, indent=1) + "\n")
        report.write(HERE)
    print(report.of_one(results))


if __name__ == "__main__":
    main()
