"""OpenVINO: the PyTorch modules, converted and compiled for the processor, in f32."""

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


def run(build):
    def case(bench, *sizes):
        module, inputs = build(*sizes)
        with torch.inference_mode():
            model = openvino.convert_model(module.eval(), example_input=inputs, input=[list(x.shape) for x in inputs])
        request = CORE.compile_model(model, "CPU", CONFIGURATION).create_infer_request()
        for i, value in enumerate(inputs):
            request.set_input_tensor(i, openvino.Tensor(value.numpy().copy()))
        values = torch_models.values(bench)
        bench.run(request.infer, lambda _: values(request.get_output_tensor(0).data))

    return case


harness.each_case({kind: run(build) for kind, build in torch_models.models().items()})
