#!/usr/bin/env python3
"""Small files as torch.save writes them, for the reader of such files.

usage: make_pytorch.py FOLDER     (needs: torch)

`zip.pt` and `legacy.pt` hold the same tensors, of every element type, and views of one memory; their values are those that
`state` says. The others are checkpoints, parts of a sharded model, and files that are not what they seem.
"""
import argparse
import json
import pathlib
import sys
from collections import OrderedDict

import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
save = lambda value, name, **how: torch.save(value, folder / name, **how)

weight = torch.arange(6.0).reshape(3, 2)
long = torch.arange(12.0)
state = OrderedDict(
    {
        "linear.weight": torch.nn.Parameter(weight),
        "linear.bias": torch.tensor([-1.0, 0.5, 2.0]),
        "f64": torch.tensor([1.0, -2.0], dtype=torch.float64),
        "f16": torch.tensor([1.0, 0.5, -65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -0.5, 3e38], dtype=torch.bfloat16),
        "i64": torch.tensor([1, -(2**40)]),
        "i32": torch.tensor([1, -(2**30)], dtype=torch.int32),
        "i16": torch.tensor([1, -2], dtype=torch.int16),
        "i8": torch.tensor([1, -2], dtype=torch.int8),
        "u8": torch.tensor([1, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5),
        "empty": torch.zeros(0, 2),
        # Views of one memory: the same, the other way round, a row, a column, every third, and one number many times.
        "tied": weight,
        "transposed": weight.t(),
        "row": weight[1],
        "column": weight[:, 1],
        "strided": long[1::3],
        "permuted": long.reshape(2, 3, 2).permute(2, 0, 1),
        "expanded": torch.tensor([7.0]).expand(4),
    }
)
save(state, "zip.pt")
save(state, "legacy.pt", _use_new_zipfile_serialization=False)

linear = {"linear.weight": weight.clone(), "linear.bias": torch.zeros(3)}
optimizer = {"state": {0: {"step": torch.tensor(5.0), "exp_avg": torch.ones(3, 2)}}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]}
save({"epoch": 3, "state_dict": linear, "optimizer": optimizer, "args": argparse.Namespace(lr=0.1)}, "checkpoint.pt")


class Call:
    """What is unpickled as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


MARK = "pickle-was-run"
save({"linear.bias": torch.zeros(3), "linear.weight": Call(open, MARK, "w")}, "hostile.pt")
save(Call(exec, f"open('{MARK}', 'w')"), "hostile-alone.pt")
save({"lr": 0.1}, "no-tensors.pt")
build = lambda x, sizes, strides: Call(torch._utils._rebuild_tensor_v2, x.storage(), 0, sizes, strides, False, OrderedDict())
save({"x": build(torch.zeros(3), (1000,), (1,))}, "beyond-its-memory.pt")
save({"x": build(torch.zeros(3), (2**40, 2**40), (0, 0))}, "uncountable.pt")
save({"x": torch.zeros(1).expand(1 << 30)}, "expanded.pt")
save({"x": torch.zeros(2, dtype=torch.complex64)}, "complex.pt")
save({"x": torch.eye(2).to_sparse()}, "sparse.pt")

parts = folder / "parts"
parts.mkdir(exist_ok=True)
names = {}
for at, (name, tensor) in enumerate(linear.items()):
    file = f"pytorch_model-0000{at + 1}-of-00002.bin"
    torch.save({name: tensor.clone()}, parts / file)
    names[name] = file
(parts / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {"total_size": 36}, "weight_map": names}, indent=1) + "\n")
