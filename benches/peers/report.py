"""Results as tables and as pictures: of each processor by itself, and of all side by side."""

import json
import math
import statistics
from html import escape

OURS = "congruent"
# Peers that are named after the best one.
NAMED = 8
# The picture, in pixels.
ROW, BAR, LEFT, WIDTH, RIGHT, TOP = 26, 9, 230, 560, 150, 64
# Ratios beyond this are drawn as this.
EDGE = 4.0
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 15px; font-weight: 600; }
.small { font-size: 11px; fill: #57606a; }
.grid { stroke: #d0d7de; } .even { stroke: #57606a; stroke-width: 1.5; }
.t1 { fill: #0969da; } .t2 { fill: #bf8700; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .small { fill: #9198a1; }
  .grid { stroke: #3d444d; } .even { stroke: #9198a1; }
  .t1 { fill: #4493f8; } .t2 { fill: #e3b341; }
}
"""


def write(folder):
    """Writes a table and a picture beside the results of each processor, and results.md with all of them."""
    every = {path.stem: json.loads(path.read_text()) for path in sorted((folder / "results").glob("*.json"))}
    for name, results in every.items():
        (folder / "results" / f"{name}.md").write_text(of_one(results, f"{name}.svg"))
        (folder / "results" / f"{name}.svg").write_text(picture(results))
    (folder / "results.md").write_text(side_by_side(every))


def side_by_side(every):
    """For each case and processor, our time divided by that of the best peer, which is named."""
    text = "# congruent beside its peers, on each processor\n\n"
    text += "The time of congruent divided by that of the best peer: below 1, congruent is faster than all of them; gaps under 10 % are\n"
    text += "ties. What the cases are is in `cases.txt`; times, other peers and versions are on the pages of the processors.\n\n"
    columns = [(name, threads) for name, results in every.items() for threads in thread_counts(results)]
    for name, results in every.items():
        text += f"- [{name}](results/{name}.md): {results['machine']}; {results['date']}, {results['versions'][OURS]}\n"
    heads = [f"{name}, {threads} thread{'s' if threads != '1' else ''}" for name, threads in columns]
    text += f"\n| case | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}\n"
    cases = dict.fromkeys(case for results in every.values() for case in results["nanoseconds"])
    for case in cases:
        cells = []
        for name, threads in columns:
            ours, peers = ranking(every[name]["nanoseconds"].get(case, {}).get(threads, {}))
            cells.append(f"**{ours / peers[0][1]:.2f}** {peers[0][0]}" if ours and peers else "–")
        text += f"| {case} | {' | '.join(cells)} |\n"
    return text


def ranking(medians):
    """The median of each peer over the rounds, the fastest first, and ours, which may be missing."""
    times = {peer: statistics.median(rounds) for peer, rounds in medians.items()}
    ours = times.pop(OURS, None)
    return ours, sorted(times.items(), key=lambda item: item[1])


def thread_counts(results):
    return list(next(iter(results["nanoseconds"].values()), {}))


def compared(results, threads):
    """The cases that we and a peer have, with the time of the best peer over ours."""
    ratios = {}
    for case, by_threads in results["nanoseconds"].items():
        ours, peers = ranking(by_threads.get(threads, {}))
        if ours and peers:
            ratios[case] = peers[0][1] / ours
    return ratios


def of_one(results, picture_name=None):
    """The tables of one processor, with a link to its picture."""
    # A case that was measured again alone may have more.
    counts = {len(times) for case in results["nanoseconds"].values() for peers in case.values() for times in peers.values()}
    rounds = f"{' to '.join(map(str, sorted({min(counts), max(counts)})))} round{'s' if max(counts) > 1 else ''}"
    text = f"""# congruent beside its peers

{results['machine']}; load {results['load']} before the run; {results['date']}; `benches/peers/run.py`,
{rounds}. Times are medians over the rounds of each process's median. A peer's ratio is its time to that of the best
peer, *ours* is congruent's: below 1, congruent is faster than all of them. Gaps under 10 % are ties. What the cases are
is in `cases.txt`.
"""
    if picture_name:
        text += f"\n![the time of the best peer, divided by that of congruent]({picture_name})\n"
    for threads in thread_counts(results):
        ratios = compared(results, threads)
        if not ratios:
            continue
        ahead = sum(ratio >= 1 for ratio in ratios.values())
        tied = sum(1 / 1.1 < ratio < 1 for ratio in ratios.values())
        mean = math.exp(statistics.mean(map(math.log, ratios.values())))
        text += f"\n## {threads} thread{'s' if threads != '1' else ''}\n\n"
        text += f"Of {len(ratios)} cases congruent is faster than every peer in {ahead}, and less than 10 % behind the best in "
        text += f"{tied} more. The best peer of each case takes {mean:.2f} times as long (geometric mean).\n\n"
        text += "| case | congruent, µs | best peer | its µs | ours | then |\n|---|---:|---|---:|---:|---|\n"
        for case, by_threads in results["nanoseconds"].items():
            ours, peers = ranking(by_threads.get(threads, {}))
            if not peers:
                continue
            best, fastest = peers[0]
            others = ", ".join(f"{peer} {time / fastest:.2f}" for peer, time in peers[1 : NAMED + 1])
            own = [microseconds(ours), f"**{ours / fastest:.2f}**"] if ours else ["–", "–"]
            text += f"| {case} | {own[0]} | {best} | {microseconds(fastest)} | {own[1]} | {others} |\n"
    if results.get("kibibytes"):
        text += memory(results["kibibytes"])
    text += "\n## Versions\n\n"
    text += "".join(f"- {peer}: {version}\n" for peer, version in results["versions"].items())
    if results["problems"]:
        text += "\n## What did not work\n\n"
        text += "".join(f"- {peer}: {escape(problem)}\n" for peer, problem in results["problems"].items())
    return text


def memory(kibibytes):
    """The most that a process holds, in MiB."""
    text = "\n## Memory of training\n\nThe most that a process of its own holds, in MiB, and in brackets what it holds before the "
    text += "case: the library itself, by the most part.\n\n| case | congruent | peers |\n|---|---:|---|\n"
    for case, by_peer in kibibytes.items():
        shown = {peer: f"{peak / 1024:.0f} ({before / 1024:.0f})" for peer, (peak, before) in by_peer.items()}
        others = sorted(set(by_peer) - {OURS}, key=by_peer.get)
        text += f"| {case} | {shown.get(OURS, '–')} | {', '.join(f'{peer} {shown[peer]}' for peer in others)} |\n"
    return text


def microseconds(nanoseconds):
    """Four digits."""
    value = nanoseconds / 1000
    return f"{value:.{max(0, 3 - max(0, math.floor(math.log10(value))))}f}"


def picture(results):
    """For each case, how much longer the best peer takes, as bars from the line where both are equal."""
    ratios = {threads: compared(results, threads) for threads in thread_counts(results)}
    cases = [case for case in results["nanoseconds"] if any(case in by_case for by_case in ratios.values())]
    height, middle = TOP + ROW * len(cases) + 30, LEFT + WIDTH / 2
    at = lambda ratio: middle + WIDTH / 2 * math.log(min(max(ratio, 1 / EDGE), EDGE)) / math.log(EDGE)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" width="{LEFT + WIDTH + RIGHT}">']
    svg += ["<style>", STYLE.strip(), "</style>"]
    svg.append('<text class="title" x="12" y="22">The time of the best peer, divided by that of congruent</text>')
    for i, threads in enumerate(ratios):
        x = 12 + 110 * i
        svg.append(f'<rect class="t{i + 1}" x="{x}" y="33" width="12" height="{BAR}"/>')
        svg.append(f'<text class="small" x="{x + 18}" y="42">{threads} thread{"s" if threads != "1" else ""}</text>')
    for ratio in (1 / 4, 1 / 2, 1, 2, 4):
        label = {1 / 4: "¼", 1 / 2: "½"}.get(ratio, f"{ratio:.0f}") + ("×" if ratio != 1 else "× equal")
        kind = "even" if ratio == 1 else "grid"
        svg.append(f'<line class="{kind}" x1="{at(ratio):.1f}" x2="{at(ratio):.1f}" y1="{TOP - 6}" y2="{height - 24}"/>')
        svg.append(f'<text class="small" text-anchor="middle" x="{at(ratio):.1f}" y="{height - 8}">{label}</text>')
    svg.append(f'<text class="small" text-anchor="end" x="{LEFT + WIDTH}" y="{TOP - 12}">congruent is faster →</text>')
    for row, case in enumerate(cases):
        y = TOP + ROW * row
        svg.append(f'<text text-anchor="end" x="{LEFT - 8}" y="{y + 14}">{escape(case)}</text>')
        labels = []
        for i, (threads, by_case) in enumerate(ratios.items()):
            if ratio := by_case.get(case):
                start, end = sorted((middle, at(ratio)))
                top = y + 1 + i * (BAR + 1)
                bar = f'x="{start:.1f}" y="{top}" width="{max(1, end - start):.1f}" height="{BAR}"'
                peer = ranking(results["nanoseconds"][case][threads])[1][0][0]
                svg.append(f'<rect class="t{i + 1}" {bar}><title>{escape(peer)}, {threads} threads</title></rect>')
                labels.append(f"{ratio:.2f}")
        svg.append(f'<text class="small" x="{LEFT + WIDTH + 10}" y="{y + 14}">{" · ".join(labels)}</text>')
    return "\n".join([*svg, "</svg>"]) + "\n"
