#!/usr/bin/env python3
"""Expected values of SmolLM2-135M-Instruct, its weights read from the blocks of its file, by the transformers library in float32.

usage: make_smollm2.py MODEL.gguf TEXTS.json FOLDER     (needs: torch, transformers, safetensors, gguf)

TEXTS.json has a prompt in `prompts.plain.text`, and texts for the tokenizer in `tokenizer[..].text`: an earlier smollm2.json has them.
Writes smollm2.safetensors and smollm2.json, whose keys tests/reference/README.md explains. Special tokens in a text are read as such.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoModelForCausalLM, AutoTokenizer

STEP = 96
path, texts, folder = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2])), pathlib.Path(sys.argv[3])
source = dict(pretrained_model_name_or_path=path.parent, gguf_file=path.name)
tokenizer = AutoTokenizer.from_pretrained(**source)
# Each digit by itself, of any script, as `tokenizer.ggml.pre` says and the published tokenizer.json has it; reading the file forgets it.
tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32, attn_implementation="eager").eval()


def encode(text):
    return tokenizer(text, add_special_tokens=False).input_ids


text = texts["prompts"]["plain"]["text"]
ids = torch.tensor([encode(text)])
with torch.no_grad():
    out = model(ids, output_hidden_states=True)
    logits = out.logits[0]
    greedy, gaps, tops, cache, new = [], [], [], None, ids
    for _ in range(50):
        step = model(new, past_key_values=cache, use_cache=True)
        cache, best = step.past_key_values, step.logits[0, -1].topk(2)
        greedy.append(int(best.indices[0]))
        tops.append(float(best.values[0]))
        gaps.append(float(best.values[0] - best.values[1]))
        new = torch.tensor([[greedy[-1]]])
    hidden = {f"plain.hidden.{at}": out.hidden_states[at][0] for at in [0, 1, 2, 15, 29, 30]}
    exact = model.double()(ids).logits[0, -1]
top = logits.topk(8)
tensors = hidden | {
    "plain.input_ids": ids[0].int(),
    "plain.last_logits": logits[-1],
    "plain.last_logits_f64": exact.float(),
    "plain.logits_cols": logits[:, ::STEP],
    "plain.logsumexp": logits.double().logsumexp(-1).float(),
    "plain.top8_ids": top.indices.int(),
    "plain.top8_logits": top.values,
    "plain.greedy_ids": torch.tensor(greedy).int(),
    "plain.greedy_gap": torch.tensor(gaps).float(),
    "plain.greedy_top_logit": torch.tensor(tops).float(),
}
save_file({name: x.contiguous() for name, x in tensors.items()}, folder / "smollm2.safetensors")
plain = {"text": text, "input_ids": ids[0].tolist(), "greedy_ids": greedy, "smallest_gap": min(gaps)}
plain |= {"greedy_text": tokenizer.decode(greedy, skip_special_tokens=True, clean_up_tokenization_spaces=False)}
plain |= {"f32_vs_f64_max_abs": float((exact - logits[-1]).abs().max())}
cases = [{"text": case["text"], "ids": encode(case["text"])} for case in texts["tokenizer"]]
shown = {"prompts": {"plain": plain}, "tokenizer": cases, "config": texts["config"], "logits_column_step": STEP}
(folder / "smollm2.json").write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
print(len(ids[0]), "tokens,", plain["f32_vs_f64_max_abs"], "from float64, smallest gap", min(gaps))
