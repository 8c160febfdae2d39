#!/usr/bin/env python3
"""Expected values of small encoders with random weights, by the transformers library in float64, stored as float32.

usage: make_encoders.py SEED FOLDER [LENGTH = 9]     (needs: torch, transformers, safetensors)

Writes NAME.safetensors for each of `MODELS`, and encoders.json: the `config.json` of each, as the library writes it. The weights
have their published names. `expected.ids (2, 9)` and `expected.lengths (2,)`: what is behind the length of a row is padding.
`expected.states (2, 9, 24)`, of which padding means nothing, and in `expected.gradient.NAME` the gradients of the mean of
the squares of the valid states, of some parameters. Of a head for hidden tokens the states are its logits, `(2, 9, 61)`.
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

seed, folder, length = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [9])[0])
sizes = dict(vocab_size=61, hidden_size=24, num_hidden_layers=3, num_attention_heads=3, max_position_embeddings=32)
GRADIENTS = {
    "roberta": ["embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.key.weight"],
    "modernbert": ["embeddings.tok_embeddings.weight", "layers.1.attn.Wqkv.weight", "layers.2.mlp.Wi.weight"],
    "modernbert_masked": ["model.embeddings.tok_embeddings.weight", "head.dense.weight", "head.norm.weight", "decoder.bias"],
}
# Four layers, of which the second and the third attend to the two positions on both sides.
modern = dict(num_hidden_layers=4, intermediate_size=40, local_attention=4, global_attn_every_n_layers=3, pad_token_id=1)
modern |= dict(cls_token_id=0, sep_token_id=0, bos_token_id=0, eos_token_id=0)
MODELS = {
    "modernbert": transformers.ModernBertModel(transformers.ModernBertConfig(**sizes | modern)),
    "modernbert_masked": transformers.ModernBertForMaskedLM(transformers.ModernBertConfig(**sizes | modern)),
    "roberta": transformers.RobertaModel(transformers.RobertaConfig(**sizes, intermediate_size=40, type_vocab_size=1, pad_token_id=1)),
}


def expected(name, model):
    torch.manual_seed(seed)
    model.set_attn_implementation("eager")
    model = model.double().eval()
    for path, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=float("norm" in path.lower() and path.endswith("weight")), std=0.3)
        # What is stored is what was calculated with.
        parameter.data = parameter.data.float().double()
    ids, lengths = torch.randint(2, 61, (2, length)), torch.tensor([length, length - 2])
    valid = torch.arange(length) < lengths[:, None]
    ids = torch.where(valid, ids, 1)
    output = model(ids, attention_mask=valid.long())
    states = output.logits if "logits" in output else output.last_hidden_state
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad((states[valid] ** 2).mean(), [parameters[path] for path in GRADIENTS[name]])
    tensors = {path: x.detach().float() for path, x in parameters.items()}
    tensors |= {"expected.ids": ids.int(), "expected.lengths": lengths.int(), "expected.states": states.detach().float()}
    tensors |= {f"expected.gradient.{path}": x.float() for path, x in zip(GRADIENTS[name], gradients)}
    metadata = {"transformers": transformers.__version__, "seed": str(seed)}
    save_file({path: x.contiguous() for path, x in tensors.items()}, folder / f"{name}.safetensors", metadata=metadata)
    print(name, "states up to", float(states.abs().max()), [float(x.abs().max()) for x in gradients], sorted(parameters))


torch.set_default_dtype(torch.float64)
for name, model in MODELS.items():
    expected(name, model)
configs = {name: json.loads(model.config.to_json_string(use_diff=False)) for name, model in MODELS.items()}
(folder / "encoders.json").write_text(json.dumps(configs, indent=1) + "\n")
