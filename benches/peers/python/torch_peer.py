"""PyTorch as it is, and compiled (`torch_peer.py compile`)."""

import sys

import harness
import torch
import torch_models
import torch_training

torch.set_num_threads(harness.THREADS)
torch.set_num_interop_threads(1)
COMPILE = sys.argv[1:] == ["compile"]
# What gains by it: for products and attention it calls the same functions.
COMPILED = {"softmax", "layer_norm", "gelu", "gelu_tanh", "chain", "gelu_add", "linear_gelu_add"}
COMPILED |= set(torch_training.STEPS)


def run(build):
    def case(bench, *sizes):
        module, inputs = build(*sizes)
        module.eval()
        # One function is compiled for eight cases at most, and taken as it is after that.
        torch.compiler.reset()
        step = torch.compile(module, dynamic=False) if COMPILE else module
        with torch.inference_mode():
            bench.run(lambda: step(*inputs), torch_models.values(bench))

    return case


def train(build):
    def case(bench, *sizes):
        torch.compiler.reset()
        model, inputs = build(*sizes)
        compiled = torch.compile(model, dynamic=False) if COMPILE else model
        optimizer = torch_training.optimizer(bench.kind, model)

        def step():
            torch_training.gradients(compiled, inputs)
            if optimizer:
                optimizer.step()

        bench.run_parts(step, lambda _: [torch_training.gradients(compiled, inputs), *model.gradients()])

    return case


models = torch_models.models()
kinds = {kind: run(models[kind]) for kind in models} | {kind: train(build) for kind, build in torch_training.STEPS.items()}
harness.each_case({kind: kinds[kind] for kind in kinds if not COMPILE or kind in COMPILED})
