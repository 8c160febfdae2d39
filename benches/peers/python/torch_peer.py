"""PyTorch as it is, and compiled (`torch_peer.py compile`)."""

import sys

import harness
import torch
import torch_models

torch.set_num_threads(harness.THREADS)
torch.set_num_interop_threads(1)
COMPILE = sys.argv[1:] == ["compile"]
# Compiled or not, these are calls of the same functions.
AS_THEY_ARE = {"matmul", "linear", "batch_matmul"}


def run(build):
    def case(bench, *sizes):
        module, inputs = build(*sizes)
        module.eval()
        step = torch.compile(module, dynamic=False) if COMPILE else module
        with torch.inference_mode():
            bench.run(lambda: step(*inputs), torch_models.values(bench))

    return case


models = torch_models.models()
kinds = [kind for kind in models if not (COMPILE and (kind in AS_THEY_ARE or kind.endswith("attention")))]
harness.each_case({kind: run(models[kind]) for kind in kinds})
