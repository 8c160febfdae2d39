#!/usr/bin/env python3
"""Expected values of a small Whisper with random weights, by the transformers library in float64, stored as float32.

usage: make_whisper.py SEED FOLDER [LENGTH = 7]     (needs: torch, transformers, safetensors)

Writes whisper.safetensors and whisper.json: the `config.json`, as the library writes it. The weights have their published names.
`expected.frames (2, 8, 20)`, `expected.memory (2, 10, 24)`, what the encoder makes of them; `expected.targets (2, 7)`, `expected.logits
(2, 7, 61)`, the greedy transcript of the first recording by 10 ids, after the id 1, in `expected.greedy`; and in
`expected.gradient.NAME` the gradients of the mean cross-entropy of each target and the logits before it.
`expected.log_mel (16, 100)`: what the library's feature extractor makes of `sound` below, by 16 bands, in a second.
"""
import json
import pathlib
import sys

import numpy
import torch
import transformers
from safetensors.torch import save_file

seed, folder, length = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [7])[0])
config = transformers.WhisperConfig(
    vocab_size=61, num_mel_bins=8, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
    decoder_attention_heads=3, encoder_ffn_dim=40, decoder_ffn_dim=40, max_source_positions=10, max_target_positions=16,
    pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
)
GRADIENTS = [
    "model.encoder.conv1.weight",
    "model.encoder.layers.0.self_attn.k_proj.weight",
    "model.decoder.embed_tokens.weight",
    "model.decoder.embed_positions.weight",
    "model.decoder.layers.1.encoder_attn.v_proj.bias",
]


def sound():
    """A tone that fades, and one that rises: 12000 samples."""
    t = numpy.arange(12000) / 16000
    wave = 0.4 * numpy.sin(2 * numpy.pi * 440 * t) * numpy.exp(-3 * t)
    return (wave + 0.1 * numpy.sin(2 * numpy.pi * (1000 + 1500 * t) * t)).astype("float32")


torch.manual_seed(seed)
model = transformers.WhisperForConditionalGeneration._from_config(config, attn_implementation="eager").double().eval()
for path, parameter in model.named_parameters():
    if "encoder.embed_positions" not in path:
        torch.nn.init.normal_(parameter, mean=float("norm" in path and path.endswith("weight")), std=0.3)
    # What is stored is what was calculated with.
    parameter.data = parameter.data.float().double()
frames, targets = torch.randn(2, 8, 20).float().double(), torch.randint(2, 61, (2, length))
output = model(input_features=frames, decoder_input_ids=targets)
logits = output.logits
loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())
parameters = dict(model.named_parameters())
gradients = torch.autograd.grad(loss, [parameters[path] for path in GRADIENTS])
transcript = torch.ones((1, 1), dtype=torch.long)
with torch.no_grad():
    for _ in range(10):
        last = model(input_features=frames[:1], decoder_input_ids=transcript).logits[:, -1]
        transcript = torch.cat([transcript, last.argmax(-1, keepdim=True)], 1)
extractor = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=1)
log_mel = torch.tensor(extractor._np_extract_fbank_features(numpy.pad(sound(), (0, 4000))[None], "cpu")[0])
found = extractor(sound(), sampling_rate=16000, return_tensors="pt").input_features[0]
assert float((found - log_mel).abs().max()) < 1e-3, "by numpy it is the same, in double precision"
values = dict(frames=frames, memory=output.encoder_last_hidden_state, targets=targets.int(), logits=logits, log_mel=log_mel)
values |= {"greedy": transcript[0, 1:].int()} | {f"gradient.{path}": x for path, x in zip(GRADIENTS, gradients)}
tensors = parameters | {f"expected.{path}": x for path, x in values.items()}
tensors = {path: x.detach().float() if x.is_floating_point() else x for path, x in tensors.items()}
metadata = {"transformers": transformers.__version__, "seed": str(seed)}
save_file({path: x.contiguous() for path, x in tensors.items()}, folder / "whisper.safetensors", metadata=metadata)
configs = {"whisper": json.loads(config.to_json_string(use_diff=False))}
(folder / "whisper.json").write_text(json.dumps(configs, indent=1) + "\n")
print({path: (tuple(x.shape), float(x.abs().max())) for path, x in tensors.items() if "expected" in path}, transcript)
