#!/usr/bin/env python3
"""Expected values of small T5 models with random weights, by the transformers library in float64, stored as float32.

usage: make_t5.py SEED FOLDER [LENGTH = 9]     (needs: torch, transformers, safetensors)

Writes NAME.safetensors for each of `MODELS`, and t5.json: the `config.json` of each, as the library writes it. The weights have
their published names. `expected.ids (2, 9)` and `expected.lengths (2,)` are a padded batch of texts, and `expected.memory (2, 9, 24)`
what the encoder makes of them (padding means nothing); `expected.targets (2, 7)`, `expected.logits (2, 7, 61)`, the greedy answer
to the first text by 10 ids, after the id 0, in `expected.greedy`; and in `expected.gradient.NAME` the gradients of the mean
cross-entropy of each target and the logits before it.
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import T5Config, T5ForConditionalGeneration

seed, folder, length = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [9])[0])
sizes = dict(vocab_size=61, d_model=24, d_kv=6, d_ff=40, num_layers=2, num_decoder_layers=2, num_heads=3)
sizes |= dict(relative_attention_num_buckets=8, relative_attention_max_distance=10, pad_token_id=None, decoder_start_token_id=0)
MODELS = {
    "t5": T5Config(**sizes, feed_forward_proj="relu"),
    "t5-gated": T5Config(**sizes, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
}
GRADIENTS = [
    "shared.weight",
    "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    "decoder.block.1.layer.1.EncDecAttention.k.weight",
]


def expected(name, config):
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration._from_config(config, attn_implementation="eager").double().eval()
    if name == "t5-gated":
        # As in the files of version 1.1, whose output is a weight of its own.
        model.lm_head.weight = torch.nn.Parameter(torch.empty(61, 24))
    for path, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=float("layer_norm" in path), std=0.3)
        # What is stored is what was calculated with.
        parameter.data = parameter.data.float().double()
    ids, lengths = torch.randint(2, 61, (2, length)), torch.tensor([length, length - 4])
    targets = torch.randint(2, 61, (2, length - 2))
    valid = torch.arange(length) < lengths[:, None]
    ids = torch.where(valid, ids, 0)
    output = model(input_ids=ids, attention_mask=valid.long(), decoder_input_ids=targets)
    logits, memory = output.logits, output.encoder_last_hidden_state
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(loss, [parameters[path] for path in GRADIENTS])
    answer = torch.zeros((1, 1), dtype=torch.long)
    with torch.no_grad():
        for _ in range(10):
            last = model(input_ids=ids[:1], decoder_input_ids=answer).logits[:, -1]
            answer = torch.cat([answer, last.argmax(-1, keepdim=True)], 1)
    tensors = {path: x.detach().float() for path, x in parameters.items()}
    tensors |= {"expected.ids": ids.int(), "expected.lengths": lengths.int(), "expected.targets": targets.int()}
    tensors |= {"expected.memory": memory.detach().float(), "expected.logits": logits.detach().float()}
    tensors |= {"expected.greedy": answer[0, 1:].int()}
    tensors |= {f"expected.gradient.{path}": x.float() for path, x in zip(GRADIENTS, gradients)}
    metadata = {"transformers": transformers.__version__, "seed": str(seed)}
    save_file({path: x.contiguous() for path, x in tensors.items()}, folder / f"{name}.safetensors", metadata=metadata)
    print(name, "logits up to", float(logits.abs().max()), [float(x.abs().max()) for x in gradients], answer.tolist(), sorted(parameters))


torch.set_default_dtype(torch.float64)
for name, config in MODELS.items():
    expected(name, config)
configs = {name: json.loads(config.to_json_string(use_diff=False)) for name, config in MODELS.items()}
(folder / "t5.json").write_text(json.dumps(configs, indent=1) + "\n")
