"""What every peer written in Python shares: the cases on standard input, their inputs, and the clock.

`src/lib.rs` is the same for the peers in Rust: the numbers and the output are alike.
"""

import os
import pathlib
import sys
import time
import traceback

import numpy as np

THREADS = int(os.environ.get("PEERS_THREADS", "1"))
MODE = os.environ.get("PEERS_MODE")
# Seconds, as in src/lib.rs.
WARM_UP, SAMPLE, BUDGET, LIMIT, LEAST = 0.02, 0.0003, 0.06, 0.5, 3
COMPARED = 256


class Bench:
    """One case: its name, the kind of work, and the sizes that cases.txt lists."""

    def __init__(self, line):
        self.name, self.kind, *sizes = line.split()
        self.sizes = [int(size) for size in sizes]
        self.held_before = held()

    def run(self, step, values=lambda result: result):
        """Measures `step` and prints the median in nanoseconds, or its memory; or what it gives, to be compared."""
        self.run_parts(step, lambda result: [values(result)])

    def run_parts(self, step, parts):
        """As `run`, for a result of several parts, each of which is compared by itself: a loss and gradients."""
        if MODE == "check":
            for i, part in enumerate(parts(step())):
                flat = np.asarray(part, dtype=np.float32).reshape(-1)
                count = flat.size
                at = np.arange(min(count, COMPARED), dtype=np.int64)
                if count > COMPARED:
                    at = at * 2_654_435_761 % count
                print(self.name, i, count, " ".join(map(str, flat[at])), sep="\t", flush=True)
        elif MODE == "peak":
            for _ in range(3):
                step()
            print(self.name, held(), self.held_before, sep="\t", flush=True)
        else:
            print(f"{self.name}\t{median(step):.1f}", flush=True)


def held():
    """The most memory that the process has held, in KiB."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def median(step):
    clock = time.perf_counter
    # The first call may do more than the others.
    step()
    start, calls = clock(), 0
    while calls == 0 or clock() - start < WARM_UP:
        step()
        calls += 1
    each = (clock() - start) / calls
    calls = range(max(1, -int(-SAMPLE // each)))
    start, samples = clock(), []
    while clock() - start < BUDGET or (len(samples) < LEAST and clock() - start < LIMIT):
        begin = clock()
        for _ in calls:
            step()
        samples.append((clock() - begin) * 1e9 / len(calls))
    return sorted(samples)[len(samples) // 2]


def each_case(kinds):
    """Calls the function of `kinds` for each case on standard input, with the case and its sizes."""
    for line in sys.stdin:
        bench = Bench(line)
        if bench.kind not in kinds:
            continue
        try:
            kinds[bench.kind](bench, *bench.sizes)
        except Exception:
            print(f"{bench.name}: {traceback.format_exc(limit=-1)}", file=sys.stderr)


def numbers(seed, *sizes):
    """The numbers of an input, from -1 to 1: SplitMix64 on a counter."""
    with np.errstate(over="ignore"):
        z = (np.arange(np.prod(sizes), dtype=np.uint64) | np.uint64(seed << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(31))) >> np.uint64(40)
    return (z.astype(np.float32) / np.float32(1 << 23) - np.float32(1)).reshape(sizes)


def weights(seed, outputs, inputs):
    """The weights `[outputs, inputs]` of a layer, and with the next seed its biases."""
    scale = np.sqrt(np.float32(inputs))
    return numbers(seed, outputs, inputs) / scale, numbers(seed + 1, outputs) / scale


def ids(seed, table, *sizes):
    """Ids of a table, from the numbers of an input."""
    return ((numbers(seed, *sizes) + np.float32(1)) * np.float32(table / 2)).astype(np.int64)


def valid_keys(batch, longest):
    """Which keys of a padded batch are valid, `[batch, longest]`."""
    lengths = longest - np.arange(batch) * 37 % (longest - 7)
    return np.arange(longest) < lengths[:, None]


def without_padding(result, valid):
    """What attention gives for a padded batch, with zeros for the padding."""
    return np.where(valid[:, None, :, None], np.asarray(result), 0)


def padded_tokens(first, count):
    """The token ids of the sentences, padded to one length, and ones where they are no padding."""
    lines = pathlib.Path(os.environ["PEERS_TOKENS"]).read_text().splitlines()[first : first + count]
    rows = [[int(id) for id in line.split()] for line in lines]
    longest = max(map(len, rows))
    pad = lambda row, fill: row + [fill] * (longest - len(row))
    return np.array([pad(row, 0) for row in rows]), np.array([pad([1] * len(row), 0) for row in rows])


def model_folder():
    """The folder of all-MiniLM-L6-v2."""
    return os.environ["PEERS_MODEL"]
