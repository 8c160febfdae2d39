"""Results of a processor as a table for each prompt."""

import json
import statistics

OURS = "congruent"


def agreement(ids, wanted):
    """How many of the first ids are those wanted."""
    pairs = list(zip(ids, wanted))
    return f"{next((i for i, (x, y) in enumerate(pairs) if x != y), len(pairs))} of {len(pairs)}"


def speed(measured, peer, length, threads, quantity):
    """The median, and in brackets what part of congruent's it is."""
    values = lambda name: measured.get(name, {}).get(length, {}).get(threads, {}).get(quantity)
    if not (found := values(peer)):
        return ""
    median, ours = statistics.median(found), values(OURS)
    ratio = f" ({median / statistics.median(ours):.2f})" if ours and peer != OURS else ""
    return f"{median:.{1 if median < 100 else 0}f}{ratio}"


def plural(threads):
    return f"{threads} thread{'s' if threads != '1' else ''}"


def table(results, length, threads):
    measured, ids = results["measured"], results["ids"]
    # The reference has what follows its own prompt; elsewhere the peers are compared with the first of them.
    first = next(iter(ids), None)
    own = length == str(results["reference_prompt"])
    wanted = results["expected"] if own else ids.get(first, {}).get(length, [])
    columns = [f"{name}, {plural(count)}" for name in ("prompt", "generated") for count in threads]
    last = "ids as the reference" if own else f"ids as {first}"
    lines = [["peer", *columns, "memory, MiB", "of it private", last]]
    for peer in measured:
        if length not in measured[peer]:
            continue
        row = [speed(measured, peer, length, count, name) for name in ("prompt", "generation") for count in threads]
        memory = [measured[peer][length].get(threads[-1], {}).get(name) for name in ("peak", "private")]
        row += [f"{statistics.median(values):.0f}" if values else "" for values in memory]
        lines.append([peer, *row, agreement(ids[peer][length], wanted)])
    lines.insert(1, ["---", *["---:"] * (len(lines[0]) - 1)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def write(folder):
    """Writes the tables beside the results of each processor."""
    for path in (folder / "results").glob("*.json"):
        path.with_suffix(".md").write_text(markdown(json.loads(path.read_text())))


def markdown(results):
    """All tables."""
    measured = [(length, counts) for peer in results["measured"].values() for length, counts in peer.items()]
    lengths = sorted({length for length, _ in measured}, key=int)
    threads = sorted({count for _, counts in measured for count in counts}, key=int)
    text = f"""# A language model beside its peers

SmolLM2-135M-Instruct, Q4_1; {results['machine']}; load {results['load']} before the run;
{results['date']}; `benches/decode/run.py --rounds {results['rounds']}`. Tokens per second, medians over the rounds: of reading the prompt,
until the first token is known, and of the {results['generated'] - 1} steps after it. In brackets: a peer's speed divided by congruent's; below 1,
congruent is faster. The memory is the most that a process had, with {plural(threads[-1])}; *private* is how much of what it had at the end
belongs to no file: the rest is the model's file and programs, mapped. The last column counts the generated ids until the first that
differs; who is who is in `../README.md`.
"""
    for length in lengths:
        text += f"\n## A prompt of {length} tokens\n\n{table(results, length, threads)}"
    text += "\n## Versions\n\n" + "".join(f"- {peer}: {what}\n" for peer, what in results["versions"].items())
    if results["problems"]:
        text += "\n## Not measured\n\n" + "".join(f"- {what}: {why}\n" for what, why in results["problems"].items())
    return text
