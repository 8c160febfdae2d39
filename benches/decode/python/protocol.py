"""What the Python programs share: they read prompts, write the tokens that follow, and say how long it took.

`src/lib.rs` is the same in Rust, and says what the lines are.
"""

import os
import sys

MODEL = os.environ["DECODE_MODEL"]
THREADS = int(os.environ["PEERS_THREADS"])
# Room for the longest prompt and what is generated after it.
CONTEXT = int(os.environ["DECODE_CONTEXT"])


def serve(generate):
    """Answers each line by `generate(prompt, count)`, which gives both times in nanoseconds, and the ids."""
    for line in sys.stdin:
        count, prompt = line.split("\t")
        first, rest, ids = generate([int(word) for word in prompt.split()], int(count))
        print(f"{first:.0f}", f"{rest:.0f}", " ".join(map(str, ids)), sep="\t", flush=True)
