#!/usr/bin/env python3
"""Expected values of all-MiniLM-L6-v2, by the transformers library in float32; what is pooled and the embeddings in float64.

usage: make_minilm.py MODEL TEXTS.json FOLDER     (needs: torch, transformers, safetensors)

MODEL is the folder of the model, and TEXTS.json has `small` and `texts`, two lists of texts, and `one`: an earlier minilm.json has them.
Writes minilm.safetensors and minilm.json, whose keys tests/reference/README.md explains.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertModel

model_folder, texts, folder = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2])), pathlib.Path(sys.argv[3])
tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
tokenizer.enable_truncation(256)
tokenizer.enable_padding()
model = BertModel.from_pretrained(model_folder, attn_implementation="eager").float().eval()


def encoded(texts):
    batch = tokenizer.encode_batch(texts)
    return batch, torch.tensor([text.ids for text in batch]), torch.tensor([text.attention_mask for text in batch])


def embedded(states, mask):
    valid = mask.unsqueeze(-1).double()
    mean = (states.double() * valid).sum(1) / valid.sum(1)
    return mean, torch.nn.functional.normalize(mean, dim=-1)


tensors = {}
with torch.no_grad():
    _, ids, mask = encoded(texts["small"])
    states = model(ids, mask, output_hidden_states=True).hidden_states
    mean, embedding = embedded(states[-1], mask)
    tensors |= {f"small.hidden.{at}": state for at, state in enumerate(states[:-1])}
    tensors |= {"small.input_ids": ids.int(), "small.attention_mask": mask.int(), "small.last_hidden_state": states[-1]}
    tensors |= {"small.mean_pooled": mean.float(), "small.embedding": embedding.float()}

    _, ids, mask = encoded([texts["one"]])
    state = model(ids, mask).last_hidden_state
    tensors |= {"one.input_ids": ids.int(), "one.last_hidden_state": state, "one.embedding": embedded(state, mask)[1].float()}

    batch, ids, mask = encoded(texts["texts"])
    embedding = embedded(model(ids, mask).last_hidden_state, mask)[1]
    tensors |= {"texts.input_ids": ids.int(), "texts.attention_mask": mask.int(), "texts.embedding": embedding.float()}

metadata = {"model": "sentence-transformers/all-MiniLM-L6-v2"}
save_file({name: x.contiguous() for name, x in tensors.items()}, folder / "minilm.safetensors", metadata=metadata)
tokens = [[token for token, valid in zip(text.tokens, text.attention_mask) if valid] for text in batch]
shown = {"texts": texts["texts"], "tokens": tokens, "small": texts["small"], "one": texts["one"]}
(folder / "minilm.json").write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
