"""OpenVINO: the PyTorch modules, converted and compiled for the processor, in f32."""

import os
import pathlib

import harness
import openvino
import torch
import torch_models

CORE = openvino.Core()
CONFIGURATION = {
    "INFERENCE_NUM_THREADS": harness.THREADS,
    "NUM_STREAMS": "1",
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",
    "ENABLE_CPU_PINNING": "NO",
}


def convert(module, inputs, path):
    """The module as OpenVINO has it. Tracing takes long, and is done once."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        shapes = [list(x.shape) for x in inputs]
        with torch.inference_mode():
            model = openvino.convert_model(module.eval(), example_input=inputs, input=shapes)
        openvino.save_model(model, path, compress_to_fp16=False)
    return CORE.read_model(path)


def run(build):
    def case(bench, *sizes):
        module, inputs = build(*sizes)
        name = "-".join([bench.kind, *map(str, sizes)])
        path = pathlib.Path(os.environ["PEERS_CACHE"], "openvino", f"{name}.xml")
        model = convert(module, inputs, path)
        request = CORE.compile_model(model, "CPU", CONFIGURATION).create_infer_request()
        for i, value in enumerate(inputs):
            request.set_input_tensor(i, openvino.Tensor(value.numpy().copy()))
        values = torch_models.values(bench)
        bench.run(request.infer, lambda _: values(request.get_output_tensor(0).data))

    return case


# It has no optimizers, and calculates `f64` in `f32`; numbers of 16 bits do not go in from numpy.
NOT_HERE = {"adamw", "matmul_f64", "matmul_bf16", "linear_bf16"}
harness.each_case({kind: run(build) for kind, build in torch_models.models().items() if kind not in NOT_HERE})
