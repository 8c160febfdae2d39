"""ONNX Runtime: graphs of its operators. Weights are initializers, which it packs when it loads them.

Where there are a graph of plain operators and one of its fused ones, both are tried, and the faster one counts.
"""

import os

import harness
import numpy as np
import onnxruntime
from harness import numbers
from onnx import TensorProto, helper, numpy_helper

FLOAT, FUSED = TensorProto.FLOAT, "com.microsoft"
node = helper.make_node


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = harness.THREADS, 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(bench, nodes, inputs, output, weights={}, values=lambda y: y):
    """Runs a graph that makes `y` of the sizes `output`."""
    kind = lambda x: helper.np_dtype_to_tensor_dtype(x.dtype)
    infos = [helper.make_tensor_value_info(name, kind(x), x.shape) for name, x in inputs.items()]
    results = [helper.make_tensor_value_info("y", FLOAT, output)]
    initializers = [numpy_helper.from_array(np.asarray(x), name) for name, x in weights.items()]
    graph = helper.make_graph(nodes, "graph", infos, results, initializers)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(FUSED, 1)]
    loaded = session(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())
    run_bound(bench, loaded, inputs, output, values)


def run_bound(bench, loaded, inputs, output, values=lambda y: y):
    """Runs a session with its inputs and its output bound, so that nothing is copied."""
    binding = loaded.io_binding()
    for name, x in inputs.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(x))
    result = onnxruntime.OrtValue.ortvalue_from_shape_and_type(output, np.float32)
    binding.bind_ortvalue_output(loaded.get_outputs()[0].name, result)
    bench.run(lambda: loaded.run_with_iobinding(binding), lambda _: values(result.numpy()))


def matmul(bench, *sizes):
    *batch, m, k, n = sizes
    inputs = {"a": numbers(1, *batch, m, k), "b": numbers(2, *batch, k, n)}
    run(bench, [node("MatMul", ["a", "b"], ["y"])], inputs, [*batch, m, n])


def linear(bench, m, k, n):
    weights = {"w": harness.weights(2, n, k)[0].T.copy()}
    run(bench, [node("MatMul", ["x", "w"], ["y"])], {"x": numbers(1, m, k)}, [m, n], weights)


def attention(bench, b, h, s, d):
    if bench.kind == "attention":
        grouped_attention(bench, b, h, h, s, d)
    # The fused operator has tensors `[batch, sequence, heads * width]`.
    split = lambda x: x.reshape(b, s, h, d).swapaxes(1, 2)
    merge = lambda x: x.swapaxes(1, 2).reshape(b, s, h * d).copy()
    inputs = {name: merge(numbers(seed, b, h, s, d)) for name, seed in (("q", 1), ("k", 2), ("v", 3))}
    names, values = ["q", "k", "v"], split
    if bench.kind == "padded_attention":
        live = harness.live_keys(b, s)
        inputs["mask"] = live.astype(np.int32)
        names, values = [*names, "", "mask"], lambda y: harness.without_padding(split(y), live)
    causal = int(bench.kind == "causal_attention")
    fused = node("MultiHeadAttention", names, ["y"], domain=FUSED, num_heads=h, unidirectional=causal)
    run(bench, [fused], inputs, [b, s, h * d], values=values)


def grouped_attention(bench, b, h, g, s, d):
    inputs = {"q": numbers(1, b, g, h // g, s, d), "k": numbers(2, b, g, 1, s, d), "v": numbers(3, b, g, 1, s, d)}
    nodes = [
        node("Transpose", ["k"], ["transposed"], perm=[0, 1, 2, 4, 3]),
        node("MatMul", ["q", "transposed"], ["scores"]),
        node("Mul", ["scores", "scale"], ["scaled"]),
        node("Softmax", ["scaled"], ["weights"], axis=-1),
        node("MatMul", ["weights", "v"], ["y"]),
    ]
    run(bench, nodes, inputs, [b, g, h // g, s, d], {"scale": np.float32(d**-0.5)})


def dense(seed, inputs, outputs, name):
    weight, bias = harness.weights(seed, outputs, inputs)
    return {f"{name}_weight": weight.T.copy(), f"{name}_bias": bias}


def apply(name, x, y):
    """The nodes of a linear layer."""
    product = node("MatMul", [x, f"{name}_weight"], [f"{name}_product"])
    return [product, node("Add", [f"{name}_product", f"{name}_bias"], [y])]


def multi_head(embed, heads, y):
    """The nodes and weights of self-attention of `x`."""
    parts = [harness.weights(seed, embed, embed) for seed in (2, 4, 6)]
    weights = {"projections": np.concatenate([weight for weight, _ in parts]).T.copy()}
    weights |= {"biases": np.concatenate([bias for _, bias in parts])} | dense(8, embed, embed, "output")
    fused = node("Attention", ["x", "projections", "biases"], ["heads"], domain=FUSED, num_heads=heads)
    return [fused, *apply("output", "heads", y)], weights


def mha(bench, b, s, h, d):
    nodes, weights = multi_head(h * d, h, "y")
    run(bench, nodes, {"x": numbers(1, b, s, h * d)}, [b, s, h * d], weights)


def encoder(bench, b, s, h, d, f):
    embed = h * d
    nodes, weights = multi_head(embed, h, "attended")
    weights |= dense(10, embed, f, "up") | dense(12, f, embed, "down")
    weights |= {"one": np.ones(embed, np.float32), "zero": np.zeros(embed, np.float32)}
    norm = lambda x, y: node("LayerNormalization", [x, "one", "zero"], [y], axis=-1, epsilon=1e-5)
    nodes += [node("Add", ["x", "attended"], ["first"]), norm("first", "normalized"), *apply("up", "normalized", "wide")]
    nodes += [node("Relu", ["wide"], ["positive"]), *apply("down", "positive", "narrow")]
    nodes += [node("Add", ["normalized", "narrow"], ["second"]), norm("second", "y")]
    run(bench, nodes, {"x": numbers(1, b, s, embed)}, [b, s, embed], weights)


def rows(operator, **attributes):
    """A case of one operator on a matrix."""
    nodes = [node(operator, ["x"], ["y"], **attributes)]
    return lambda bench, r, c: run(bench, nodes, {"x": numbers(1, r, c)}, [r, c])


def layer_norm(bench, r, c):
    nodes = [node("LayerNormalization", ["x", "weight", "bias"], ["y"], axis=-1, epsilon=1e-5)]
    run(bench, nodes, {"x": numbers(1, r, c)}, [r, c], {"weight": numbers(2, c), "bias": numbers(3, c)})


def chain(bench, r, c):
    nodes = [node("Mul", ["x", "z"], ["product"]), node("Add", ["product", "x"], ["sum"]), node("Relu", ["sum"], ["positive"])]
    nodes += [node("Mul", ["positive", "half"], ["halved"]), node("Add", ["halved", "one"], ["y"])]
    weights = {"half": np.float32(0.5), "one": np.float32(1)}
    run(bench, nodes, {"x": numbers(1, r, c), "z": numbers(2, r, c)}, [r, c], weights)


def gelu_add(bench, r, c):
    nodes = [node("Add", ["x", "bias"], ["sum"]), node("Gelu", ["sum"], ["gelu"]), node("Add", ["r", "gelu"], ["y"])]
    run(bench, nodes, {"x": numbers(1, r, c), "r": numbers(3, r, c)}, [r, c], {"bias": numbers(2, c)})


def linear_gelu_add(bench, m, k, n):
    nodes = [*apply("up", "x", "wide"), node("Gelu", ["wide"], ["gelu"]), node("Add", ["r", "gelu"], ["y"])]
    run(bench, nodes, {"x": numbers(1, m, k), "r": numbers(4, m, n)}, [m, n], dense(2, k, n, "up"))


def minilm(bench, first, count):
    """The model that `export_minilm.py` wrote."""
    ids, live = harness.padded_tokens(first, count)
    loaded = session(os.environ["PEERS_ONNX"])
    inputs = {x.name: value for x, value in zip(loaded.get_inputs(), (ids, live))}
    run_bound(bench, loaded, inputs, [count, 384])


harness.each_case(
    {
        "matmul": matmul,
        "linear": linear,
        "batch_matmul": matmul,
        "attention": attention,
        "causal_attention": attention,
        "padded_attention": attention,
        "grouped_attention": grouped_attention,
        "mha": mha,
        "encoder": encoder,
        "softmax": rows("Softmax", axis=-1),
        "layer_norm": layer_norm,
        "gelu": rows("Gelu"),
        "gelu_tanh": rows("Gelu", approximate="tanh"),
        "chain": chain,
        "gelu_add": gelu_add,
        "linear_gelu_add": linear_gelu_add,
        "minilm": minilm,
    }
)
