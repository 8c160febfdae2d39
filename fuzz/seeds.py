#!/usr/bin/env python3
"""Inputs that a fuzzer begins with, one file of each format and more: fuzz/seeds.py writes them to `corpus`, and the tokenizer of a target
to `seeds`. What a fuzzer has found lies beside them in `corpus`."""

import json
import pathlib
import shutil
import struct

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE.parent / "tests/reference"


def write(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(tensors, metadata=None):
    """A file of (name, type, sizes, bytes)."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, dtype, sizes, content in tensors:
        header[name] = {"dtype": dtype, "shape": sizes, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def floats(*numbers):
    return struct.pack(f"<{len(numbers)}f", *numbers)


def text(content):
    content = content if isinstance(content, bytes) else content.encode()
    return struct.pack("<Q", len(content)) + content


STRING, ARRAY = 8, 9


def strings(values):
    return ARRAY, struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values))


def integers(values):
    return ARRAY, struct.pack("<IQ", 5, len(values)) + struct.pack(f"<{len(values)}i", *values)


def gguf(metadata, tensors=()):
    """A file of {key: (kind, bytes)}, and of (name, sizes from the innermost on, kind, bytes)."""
    header, data = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata)), b""
    for key, (kind, value) in metadata.items():
        header += text(key) + struct.pack("<I", kind) + value
    for name, sizes, kind, content in tensors:
        data += b"\0" * (-len(data) % 32)
        header += text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, kind, len(data))
        data += content
    return header + b"\0" * (-len(header) % 32) + data


def alphabet():
    """The character that byte-level BPE has for each byte, as in GPT-2."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in printed else next(others)) for byte in range(256)]


def tokenizer():
    tokens = ["<|begin|>", "<|end|>", *alphabet(), "th", "the", "Ġthe", "Ġt"]
    return gguf(
        {
            "tokenizer.ggml.model": (STRING, text("gpt2")),
            "tokenizer.ggml.pre": (STRING, text("smollm")),
            "tokenizer.ggml.tokens": strings(tokens),
            "tokenizer.ggml.merges": strings(["t h", "th e", "Ġ the", "Ġ t"]),
            "tokenizer.ggml.token_type": integers([3, 3] + [1] * (len(tokens) - 2)),
        }
    )


def u32(number):
    return 4, struct.pack("<I", number)


def f32(number):
    return 6, struct.pack("<f", number)


def main():
    (HERE / "seeds").mkdir(exist_ok=True)
    (HERE / "seeds/tokenizer.gguf").write_bytes(tokenizer())

    write("safetensors", "two", safetensors([("a", "F32", [2, 3], floats(*range(6))), ("b", "F16", [2], b"\0\x3c\0\xbc")], {"step": "7"}))
    write("safetensors", "empty", safetensors([("a", "F32", [0, 5], b""), ("n", "I64", [], struct.pack("<q", 3))]))
    write("safetensors", "rows", safetensors([("w", "BF16", [2, 32], bytes(range(128)))]))

    step = lambda name, sizes, steps: [
        (f"optimizer.{name}.{i}", "F32", list(sizes), floats(*[0.5] * count(sizes))) for i in (0, 1)
    ] + [(f"optimizer.{name}.steps", *steps)]
    parameters = [("linear.weight", 2, 3), ("linear.bias", 3), ("norm.weight", 3), ("norm.bias", 3)]
    model = [(f"model.{name}", "F32", list(sizes), floats(*[1.0] * count(sizes))) for name, *sizes in parameters]
    write("checkpoint", "begun", safetensors(model))
    # The second one has a count of another type, which must be told.
    for file, steps in [("stepped", ("U64", [], struct.pack("<Q", 3))), ("counted-otherwise", ("F32", [], floats(3.0)))]:
        write("checkpoint", file, safetensors(model + [part for name, *sizes in parameters for part in step(name, sizes, steps)]))

    llama = {
        "general.architecture": (STRING, text("llama")),
        "llama.block_count": u32(2),
        "llama.context_length": u32(64),
        "llama.embedding_length": u32(16),
        "llama.feed_forward_length": u32(32),
        "llama.attention.head_count": u32(4),
        "llama.attention.head_count_kv": u32(2),
        "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
        "llama.rope.freq_base": f32(10000.0),
        "llama.vocab_size": u32(8),
    }
    write("gguf", "llama", gguf(llama))
    # Formats with a block of 32 elements, and of 256, by their numbers in the format.
    blocks = {2: 18, 3: 20, 6: 22, 7: 24, 8: 34}
    large = {12: 144, 13: 176, 14: 210}
    write("gguf", "blocks", gguf({}, [(f"b{kind}", [32, 1], kind, bytes(size)) for kind, size in blocks.items()]))
    write("gguf", "large-blocks", gguf({}, [(f"b{kind}", [256], kind, bytes(range(size))) for kind, size in large.items()]))
    write("gguf", "numbers", gguf({"general.alignment": u32(32)}, [("x", [2, 3], 0, floats(*range(6))), ("h", [4], 1, bytes(8))]))

    write("tokenizer", "gguf", tokenizer())
    write("tokenizer", "template", "{% for message in messages %}<|{{ message.role }}|>{{ message['content'] | trim }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}\nthe 12 théorèmes\n")
    write("tokenizer", "refused", "{{ raise_exception('roles must alternate') }}{{ bos_token }}{{ messages[0].content.upper() }}\n\0")

    for path in [*REFERENCE.glob("pytorch/*.pt")]:
        write("pytorch", path.stem, path.read_bytes())

    configurations = {path.stem: json.loads(path.read_text()) for path in REFERENCE.glob("*.json")}
    for name, config in found(configurations):
        write("configuration", name, json.dumps(config, separators=(",", ":")))

    patterns = ["b h i d, b h j d -> b h i j", "b s (h d) -> b h s d", ".. e, e f -> .. f", "b c (h p) (w q) -> b (h w) (c p q)", "i, i ->"]
    for i, pattern in enumerate(patterns):
        write("patterns", f"pattern-{i}", pattern)
    write("patterns", "dims", "{ pub Batch = 32; pub Ffn = 4 * Embed; Embed = 2^4; pub Seq; pub once Width; /** a */ Half = Embed / 2; }".strip("{ }"))


def count(sizes):
    product = 1
    for size in sizes:
        product *= size
    return product


def found(value, name=""):
    """Every configuration of a model inside a value of JSON, with a name."""
    if isinstance(value, dict):
        if "model_type" in value or "_class_name" in value:
            yield name.strip("-"), value
        for key, inner in value.items():
            yield from found(inner, f"{name}-{key}"[:60].replace("/", "-"))


if __name__ == "__main__":
    shutil.rmtree(HERE / "seeds", ignore_errors=True)
    main()
