"""Writes MiniLM as ONNX to the path given, with the operators that ONNX Runtime fuses for such models."""

import sys

import torch
import torch_models
from onnxruntime.transformers import optimizer

path = sys.argv[1]
model, inputs = torch_models.MiniLm().eval(), torch_models.tokens(0, 2)
dynamic = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
with torch.inference_mode():
    torch.onnx.export(model, inputs, path, dynamo=True, dynamic_shapes=(dynamic, dynamic), input_names=["ids", "live"])
try:
    optimizer.optimize_model(path, model_type="bert", num_heads=12, hidden_size=384).save_model_to_file(path)
except Exception as error:
    print(f"not fused: {error}", file=sys.stderr)
