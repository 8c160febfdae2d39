#!/usr/bin/env python3
"""How time and memory grow with the sequence, the batch, the width and the layers; writes results.md and results.svg.

    benches/growth/run.py                  # builds, measures and writes
    benches/growth/run.py --report-only    # draws results.json again

The program and the clock are those of benches/peers.
"""

import argparse
import datetime
import json
import math
import statistics
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / "peers"
sys.path.append(str(PEERS))
import environment
import processes

WORK = HERE.parent.parent / "target" / "peers"
DOUBLING = lambda first, last: [first << i for i in range((last // first).bit_length())]
# What grows: its title, the size that changes, its values, and the case of a value, as in benches/peers/cases.txt.
SERIES = {
    "attention": ("attention, 8 heads of 64", "sequence", DOUBLING(64, 8192), lambda s: f"attention 1 8 {s} 64"),
    "causal": ("causal attention", "sequence", DOUBLING(64, 8192), lambda s: f"causal_attention 1 8 {s} 64"),
    "sequence": ("encoder layer, width 512", "sequence", DOUBLING(64, 8192), lambda s: f"encoder 1 {s} 8 64 2048"),
    "batch": ("encoder layer, 20 tokens", "batch", DOUBLING(1, 256), lambda b: f"encoder {b} 20 8 64 2048"),
    "width": ("encoder layer, 4 × 128 tokens", "width", DOUBLING(128, 2048), lambda w: f"encoder 4 128 {w // 64} 64 {4 * w}"),
    "layers": ("encoder of width 512, 4 × 128 tokens", "layers", DOUBLING(1, 16), lambda n: f"stack 4 128 8 64 2048 {n}"),
}
THREADS = [1, 2]
# The pictures, in pixels: a panel for each series, time above and memory below.
PANEL, HIGH, MARGIN, TOP = 200, 150, 52, 70
COLORS = {"1": "a", "2": "b", "memory": "c"}
STYLE = """
text { font: 11px system-ui, sans-serif; fill: #24292f; } .title { font-size: 15px; font-weight: 600; }
.frame { fill: none; stroke: #8c959f; } .grid { stroke: #8c959f; stroke-opacity: 0.25; }
polyline { fill: none; stroke-width: 2; }
polyline.a { stroke: #0969da; } polyline.b { stroke: #bf8700; } polyline.c { stroke: #8250df; }
rect.a { fill: #0969da; } rect.b { fill: #bf8700; } rect.c { fill: #8250df; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  polyline.a { stroke: #4493f8; } polyline.b { stroke: #e3b341; } polyline.c { stroke: #ab7df8; }
  rect.a { fill: #4493f8; } rect.b { fill: #e3b341; } rect.c { fill: #ab7df8; }
}
"""


def measure(options):
    """The values of each series: by name, then by `1` or `2` threads in milliseconds, and `memory` in MiB."""
    lines = [f"{name}:{value} {case(value)}" for name, (_, _, values, case) in SERIES.items() for value in values]
    found = {}
    for number in range(options.rounds):
        for threads in THREADS:
            print(f"round {number + 1}, {threads} threads", flush=True)
            for name, median in run("congruent", lines, threads, options.work):
                found.setdefault((str(threads), name), []).append(float(median) / 1e6)
    for name, _, _, most in run("congruent-memory", lines, 2, options.work, PEERS_MODE="memory"):
        found["memory", name] = [float(most) / 2**20]
    table = {}
    for name, (_, _, values, _) in SERIES.items():
        table[name] = {line: [statistics.median(found[line, f"{name}:{v}"]) for v in values] for line in COLORS}
    return table


def run(program, lines, threads, work, **variables):
    rows, problem = processes.run(["rust", program], lines, threads, work, **variables)
    if problem:
        raise SystemExit(f"{program}: {problem}")
    return rows


def exponent(sizes, values):
    """The power with which the last two doublings grow: 1 is linear, 2 quadratic."""
    return math.log(values[-1] / values[-3]) / math.log(sizes[-1] / sizes[-3])


def number(value):
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def markdown(results):
    text = f"""# How time and memory grow

f32, {results['machine']}; {results['date']}; congruent {results['commit']}; `benches/growth/run.py --rounds {results['rounds']}`.
Times are medians; the memory is the most that one step holds besides its input and the weights, its result included. The last
row says with which power of the size the last two doublings grow: 1 is linear, 2 quadratic.

![time and memory against the sizes](results.svg)
"""
    for name, (title, axis, sizes, _) in SERIES.items():
        lines = results["series"][name]
        text += f"\n## {title[0].upper()}{title[1:]}: the {axis}\n\n"
        text += f"| {axis} | 1 thread, ms | 2 threads, ms | memory, MiB |\n|---:|---:|---:|---:|\n"
        for i, size in enumerate(sizes):
            text += f"| {size} | " + " | ".join(number(lines[line][i]) for line in COLORS) + " |\n"
        text += "| power | " + " | ".join(f"{exponent(sizes, lines[line]):.2f}" for line in COLORS) + " |\n"
    return text


def picture(results):
    width = MARGIN + len(SERIES) * (PANEL + MARGIN)
    height = TOP + 2 * (HIGH + 60)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"><style>{STYLE}</style>']
    svg.append('<text class="title" x="12" y="22">How time and memory grow (both axes logarithmic)</text>')
    for i, (line, label) in enumerate((("1", "time, 1 thread"), ("2", "time, 2 threads"), ("memory", "memory of a step"))):
        svg.append(f'<rect class="{COLORS[line]}" x="{12 + 140 * i}" y="33" width="12" height="9"/>')
        svg.append(f'<text x="{30 + 140 * i}" y="42">{label}</text>')
    for column, (name, (title, axis, sizes, _)) in enumerate(SERIES.items()):
        for row, (lines, unit) in enumerate(((["1", "2"], "ms"), (["memory"], "MiB"))):
            left, top = MARGIN + column * (PANEL + MARGIN), TOP + row * (HIGH + 60) + 10
            series = {line: results["series"][name][line] for line in lines}
            svg += panel(left, top, series, sizes, axis, unit)
            if row == 0:
                svg.append(f'<text x="{left}" y="{top - 8}">{title}</text>')
    return "\n".join([*svg, "</svg>"]) + "\n"


def panel(left, top, series, sizes, axis, unit):
    """Lines in one frame, with a grid of powers of ten."""
    every = [value for values in series.values() for value in values]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)) + 1e-9)
    x = lambda size: left + PANEL * math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
    y = lambda value: top + HIGH * (high - math.log10(value)) / (high - low)
    svg = [f'<rect class="frame" x="{left}" y="{top}" width="{PANEL}" height="{HIGH}"/>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        svg.append(f'<line class="grid" x1="{left}" x2="{left + PANEL}" y1="{at:.1f}" y2="{at:.1f}"/>')
        svg.append(f'<text text-anchor="end" x="{left - 4}" y="{at + 4:.1f}">{10.0**power:g}</text>')
    svg.append(f'<text x="{left + 4}" y="{top + 13}">{unit}</text>')
    for size in (sizes[0], sizes[len(sizes) // 2], sizes[-1]):
        svg.append(f'<text text-anchor="middle" x="{x(size):.1f}" y="{top + HIGH + 14}">{size}</text>')
    svg.append(f'<text text-anchor="middle" x="{left + PANEL / 2}" y="{top + HIGH + 28}">{axis}</text>')
    for line, values in series.items():
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(sizes, values))
        svg.append(f'<polyline class="{COLORS[line]}" points="{points}"/>')
    return svg


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is built")
    parser.add_argument("--skip-setup", action="store_true", help="everything is built")
    parser.add_argument("--report-only", action="store_true", help="draw results.json again")
    options = parser.parse_args()
    options.work = options.work.resolve()
    path = HERE / "results.json"
    if not options.report_only:
        if not options.skip_setup:
            environment.build_own(options.work)
        results = {"machine": environment.machine(), "date": str(datetime.date.today()), "commit": environment.commit()}
        results |= {"rounds": options.rounds, "series": measure(options)}
        path.write_text(json.dumps(results, indent=1) + "\n")
    results = json.loads(path.read_text())
    (HERE / "results.md").write_text(markdown(results))
    (HERE / "results.svg").write_text(picture(results))


if __name__ == "__main__":
    main()
