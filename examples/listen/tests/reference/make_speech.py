#!/usr/bin/env python3
"""What the package silero-vad makes of a recording.

usage: make_speech.py SPEECH.wav SPEECH.json     (needs: silero-vad 6.2.3, safetensors, torch)

The recording, at 16 kHz, is of `espeak-ng`, with silence and noise between the sentences. `probabilities` are those of the package's
TorchScript model, in float32, one for each 512 samples. It is given the weights of `silero_vad_16k.safetensors`, which are not those
that it brings along. `segments` and `strict` are what `get_speech_timestamps` makes of them, in samples: as it is, and with a threshold
of 0.8, at least 400 ms of speech and 300 ms of silence.
"""
import json
import pathlib
import sys
import wave

import numpy
import silero_vad
import torch
from safetensors.torch import load_file
from silero_vad import get_speech_timestamps, load_silero_vad

with wave.open(sys.argv[1]) as file:
    samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
audio = torch.from_numpy(samples.astype("float32") / 32768)
model = load_silero_vad()
weights = load_file(pathlib.Path(silero_vad.__file__).parent / "data/silero_vad_16k.safetensors")
parts = {"stft_conv.weight": "stft.forward_basis_buffer"}
parts |= {f"conv{i + 1}.{part}": f"encoder.{i}.reparam_conv.{part}" for i in range(4) for part in ("weight", "bias")}
parts |= {path: path.replace("lstm_cell", "decoder.rnn") for path in weights if path.startswith("lstm_cell")}
parts |= {f"final_conv.{part}": f"decoder.decoder.2.{part}" for part in ("weight", "bias")}
assert parts.keys() == weights.keys()
found = model.load_state_dict({f"_model.{parts[path]}": x for path, x in weights.items()}, strict=False)
assert not found.unexpected_keys
probabilities = model.audio_forward(audio[None], 16000)[0].tolist()
strict = dict(threshold=0.8, min_speech_duration_ms=400, min_silence_duration_ms=300)
segments = [
    [[speech["start"], speech["end"]] for speech in get_speech_timestamps(audio, model, **settings)]
    for settings in ({}, strict)
]
values = dict(samples=len(samples), probabilities=probabilities, segments=segments[0], strict=segments[1])
with open(sys.argv[2], "w") as file:
    file.write(json.dumps(values) + "\n")
print(len(samples), segments, [round(x, 2) for x in probabilities])
