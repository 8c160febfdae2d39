#!/usr/bin/env python3
"""Expected values of a small GPT-2 with random weights, by the transformers library in float64, stored as float32.

usage: make_gpt2.py SEED OUT.safetensors [LENGTH = 9]     (needs: torch, transformers, safetensors)

The weights have their published names. `expected.ids (2, 9)`, `expected.logits (2, 9, 61)`, and the greedy
continuation of the first row by 12 ids in `expected.greedy`.
"""
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

seed, out, length = int(sys.argv[1]), sys.argv[2], int((sys.argv[3:] or [9])[0])
torch.manual_seed(seed)
torch.set_default_dtype(torch.float64)
sizes = dict(vocab_size=61, n_positions=32, n_embd=24, n_layer=3, n_head=3)
config = GPT2Config(**sizes, activation_function="gelu_new", bos_token_id=0, eos_token_id=0)
model = GPT2LMHeadModel(config).double().eval()
for name, parameter in model.named_parameters():
    # Wide enough that attention is not uniform and logits differ.
    torch.nn.init.normal_(parameter, mean=float("ln_" in name and name.endswith("weight")), std=0.3)
    # What is stored is what was calculated with.
    parameter.data = parameter.data.float().double()
ids = torch.randint(0, config.vocab_size, (2, length))
with torch.no_grad():
    logits = model(ids).logits
    row = ids[:1]
    for _ in range(12):
        row = torch.cat([row, model(row).logits[:, -1].argmax(-1, keepdim=True)], 1)
tensors = {name.removeprefix("transformer."): x.float() for name, x in model.named_parameters()}
tensors |= {"expected.ids": ids.int(), "expected.logits": logits.float(), "expected.greedy": row[0, length:].int()}
save_file({name: x.contiguous() for name, x in tensors.items()}, out, metadata={"transformers": transformers.__version__, "seed": str(seed)})
print(len(tensors), "tensors", sorted(tensors))
