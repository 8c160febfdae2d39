#!/usr/bin/env python3
"""Expected values of small decoders with random weights, by the transformers library in float64, stored as float32.

usage: make_decoders.py SEED FOLDER [LENGTH = 11]     (needs: torch, transformers, safetensors)

Writes NAME.safetensors for each of `MODELS`, and decoders.json: the `config.json` of each, as the library writes it. The weights
have their published names. `expected.ids (2, 11)`, `expected.logits (2, 11, 61)`, the greedy continuation of the first row by 12
ids in `expected.greedy`, and in `expected.gradient.NAME` the gradients of the mean loss of the next token, of some parameters, by the
names that they have in the library.

The library calculates norms, softmax and rotary positions in float32 whatever it is given: what is stored is as precise as that.
"""
import json
import pathlib
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

seed, folder, length = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [11])[0])
sizes = dict(vocab_size=61, max_position_embeddings=32, hidden_size=24, intermediate_size=40, num_hidden_layers=2)
sizes |= dict(num_attention_heads=4, num_key_value_heads=2, bos_token_id=0, eos_token_id=0, pad_token_id=None)  # padding has no gradient
llama3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0)
MODELS = {
    "llama": transformers.LlamaConfig(**sizes, rope_parameters=llama3 | dict(original_max_position_embeddings=16)),
    "mistral": transformers.MistralConfig(**sizes, sliding_window=4),
    "mixtral": transformers.MixtralConfig(**sizes, num_local_experts=4, num_experts_per_tok=2, sliding_window=4),
    "qwen2": transformers.Qwen2Config(**sizes, tie_word_embeddings=True),
    # The first layer has experts, and one beside them that all tokens go through; the second has none.
    "qwen2_moe": transformers.Qwen2MoeConfig(
        **sizes,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=20,
        shared_expert_intermediate_size=40,
        mlp_only_layers=[1],
    ),
    "qwen3": transformers.Qwen3Config(**sizes, head_dim=8),
    # The probabilities of the two experts are not divided by their sum.
    "qwen3_moe": transformers.Qwen3MoeConfig(
        **sizes | dict(intermediate_size=50), head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=40
    ),
    "gemma": transformers.GemmaConfig(**sizes, head_dim=8),
    # Layers by turns: a window, and none.
    "gemma2": transformers.Gemma2Config(
        **sizes, head_dim=8, query_pre_attn_scalar=12, sliding_window=4, attn_logit_softcapping=2.0, final_logit_softcapping=5.0
    ),
    # Every third layer has no window, and another base.
    "gemma3": transformers.Gemma3TextConfig(
        **sizes | dict(num_hidden_layers=3),
        head_dim=8,
        query_pre_attn_scalar=12,
        sliding_window=4,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=2.0, rope_theta=1000.0),
            sliding_attention=dict(rope_type="default", rope_theta=100.0),
        ),
    ),
}
GRADIENTS = ["model.embed_tokens.weight", "model.layers.0.self_attn.k_proj.weight", "model.layers.0.input_layernorm.weight"]
OF_EXPERTS = ["gate.weight", "experts.down_proj", "shared_expert.down_proj.weight", "shared_expert_gate.weight"]


def expected(name, config):
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", experts_implementation="eager").double().eval()
    for path, parameter in model.named_parameters():
        # Wide enough that attention is not uniform and logits differ.
        one = path.endswith("norm.weight") and not name.startswith("gemma")
        torch.nn.init.normal_(parameter, mean=float(one), std=0.3)
        # What is stored is what was calculated with.
        parameter.data = parameter.data.float().double()
    ids = torch.randint(0, config.vocab_size, (2, length))
    logits = model(ids).logits
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    parameters = dict(model.named_parameters())
    paths = GRADIENTS + [path for path in (f"model.layers.0.mlp.{name}" for name in OF_EXPERTS) if path in parameters]
    gradients = torch.autograd.grad(loss, [parameters[path] for path in paths])
    row = ids[:1]
    with torch.no_grad():
        for _ in range(12):
            row = torch.cat([row, model(row).logits[:, -1].argmax(-1, keepdim=True)], 1)
    with tempfile.TemporaryDirectory() as saved:
        # In memory, the experts of a layer are one parameter; in files they are apart.
        model.float().save_pretrained(saved)
        tensors = load_file(pathlib.Path(saved) / "model.safetensors")
    tensors |= {"expected.ids": ids.int(), "expected.logits": logits.detach().float(), "expected.greedy": row[0, length:].int()}
    tensors |= {f"expected.gradient.{path}": x.float() for path, x in zip(paths, gradients)}
    metadata = {"transformers": transformers.__version__, "seed": str(seed)}
    save_file({path: x.contiguous() for path, x in tensors.items()}, folder / f"{name}.safetensors", metadata=metadata)
    print(name, len(tensors), "tensors, logits up to", float(logits.abs().max()), sorted(parameters))


for name, config in MODELS.items():
    expected(name, config)
configs = {name: json.loads(config.to_json_string(use_diff=False)) | {"architectures": None, "dtype": None} for name, config in MODELS.items()}
(folder / "decoders.json").write_text(json.dumps(configs, indent=1) + "\n")
