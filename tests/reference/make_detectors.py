#!/usr/bin/env python3
"""Expected values and gradients of MTCNN's three networks and of Silero VAD, by the packages that publish them.

usage: make_detectors.py SEED FOLDER     (needs: torch, facenet-pytorch 2.6.0, silero-vad 6.2.3, numpy, safetensors)

Their sizes are fixed and not small, so the weights are in no file: the function `weight` below makes them of their names, exactly.

Writes detectors.json: of each network the sizes of its tensors, by their published names, and the norm of the gradient of each; and
detectors.safetensors, in which every name begins with `expected.`:
- `pnet`, `rnet`, `onet`, in float64, stored as float32: `NAME.input`, `NAME.probabilities` of both classes, `NAME.boxes` and
  `onet.landmarks`; the loss is the sum of the means of squares of the boxes, the landmarks and the probabilities of a face.
- `silero`, in float32, as its model is: `silero.audio (2, 3, 512)`, and `silero.probabilities (2, 3)`, of each chunk behind those before;
  the loss is the mean of their squares.
`NAME.gradient.PATH` are the gradients of the loss, of parameters that are not large.
"""
import json
import math
import pathlib
import sys

import numpy
import silero_vad
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from safetensors.torch import save_file

seed, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])


def weight(name, sizes, gain=1.0):
    """Numbers between -1 and 1 of a mixing function of name and position, times `gain` and the power of two next to 1 / √(inputs)."""
    start = 0
    for byte in name.encode():
        start = (start * 31 + byte) % 2**32
    x = numpy.arange(math.prod(sizes), dtype=numpy.uint32) + numpy.uint32(start)
    for shift, factor in [(16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)]:
        x = (x ^ (x >> numpy.uint32(shift))) * numpy.uint32(factor)
    inputs = math.prod(sizes[1:]) if len(sizes) > 1 else 4
    scale = gain * 2.0 ** -round(math.log2(inputs) / 2)
    return torch.from_numpy(((x >> numpy.uint32(8)) / 2.0**23 - 1.0) * scale).reshape(sizes)


def finish(name, parameters, loss):
    """The gradients."""
    gradients = dict(zip(parameters, torch.autograd.grad(loss, parameters.values())))
    norms = {path: float(x.double().norm()) for path, x in gradients.items()}
    shapes = {path: [list(x.shape), norms[path]] for path, x in parameters.items()}
    return shapes, {f"{name}.gradient.{path}": x for path, x in gradients.items() if x.numel() <= 1500}


torch.manual_seed(seed)
values, networks = {}, {}
for name, network, shape in [
    ("pnet", PNet(pretrained=False), (2, 3, 17, 22)),
    ("rnet", RNet(pretrained=False), (3, 3, 24, 24)),
    ("onet", ONet(pretrained=False), (2, 3, 48, 48)),
]:
    network = network.double()
    parameters = dict(network.named_parameters())
    for path, parameter in parameters.items():
        parameter.data = weight(f"{name}.{path}", tuple(parameter.shape))
    x = (torch.rand(shape) * 2 - 1).double()
    boxes, *landmarks, probabilities = network(x)
    parts = [boxes, *landmarks, probabilities[:, 1]]
    networks[name], gradients = finish(name, parameters, sum(part.square().mean() for part in parts))
    values |= {f"{name}.input": x, f"{name}.boxes": boxes, f"{name}.probabilities": probabilities} | gradients
    values |= {f"{name}.landmarks": points for points in landmarks}

model = silero_vad.load_silero_vad()
paths = {"stft.forward_basis_buffer": "stft_conv.weight"}
paths |= {f"encoder.{i}.reparam_conv.{part}": f"conv{i + 1}.{part}" for i in range(4) for part in ("weight", "bias")}
paths |= {f"decoder.rnn.{kind}_{of}": f"lstm_cell.{kind}_{of}" for kind in ("weight", "bias") for of in ("ih", "hh")}
paths |= {f"decoder.decoder.2.{part}": f"final_conv.{part}" for part in ("weight", "bias")}
found = dict(model._model.named_parameters()) | dict(model._model.named_buffers())
parameters = {paths[path]: found[path] for path in paths}
for path, parameter in parameters.items():
    parameter.data = weight(f"silero.{path}", tuple(parameter.shape), 2.0).float()
    parameter.requires_grad_(True)
audio = torch.rand(2, 3, 512) * 2 - 1
model.reset_states()
probabilities = torch.cat([model(audio[:, chunk], 16000) for chunk in range(3)], 1)
networks["silero"], gradients = finish("silero", parameters, probabilities.square().mean())
values |= {"silero.audio": audio, "silero.probabilities": probabilities} | gradients

tensors = {f"expected.{name}": x.detach().float().contiguous() for name, x in values.items()}
metadata = {"torch": torch.__version__, "seed": str(seed)}
save_file(tensors, folder / "detectors.safetensors", metadata=metadata)
(folder / "detectors.json").write_text(json.dumps(networks, indent=1) + "\n")
print({path: (tuple(x.shape), float(x.abs().max())) for path, x in tensors.items()})
print(tensors["expected.silero.probabilities"], networks)
