"""ONNX Runtime: graphs of its operators. Weights are initializers, which it packs when it loads them.

Where there are a graph of plain operators and one of its fused ones, both are tried, and the faster one counts.
"""

import harness
import numpy as np
import onnxruntime
from harness import numbers
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

FUSED = "com.microsoft"
node = helper.make_node


def make_model(nodes, inputs, outputs, weights):
    """The model of a graph, its inputs and outputs described as ONNX describes them."""
    initializers = [numpy_helper.from_array(np.asarray(x), name) for name, x in weights.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def run(bench, nodes, inputs, output, weights={}, values=lambda y: y):
    """Runs a graph that makes `y` of the sizes `output`, its inputs and `y` bound, so that nothing is copied."""
    kind = lambda x: helper.np_dtype_to_tensor_dtype(x.dtype)
    infos = [helper.make_tensor_value_info(name, kind(x), x.shape) for name, x in inputs.items()]
    results = [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)]
    model = make_model(nodes, infos, results, weights).SerializeToString()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = harness.THREADS, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, x in inputs.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(x))
    result = onnxruntime.OrtValue.ortvalue_from_shape_and_type(output, np.float32)
    binding.bind_ortvalue_output("y", result)
    bench.run(lambda: session.run_with_iobinding(binding), lambda _: values(result.numpy()))


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
        valid = harness.valid_keys(b, s)
        inputs["mask"] = valid.astype(np.int32)
        names, values = [*names, "", "mask"], lambda y: harness.without_padding(split(y), valid)
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


def linear_layer(name, weight, bias, x, y):
    """The nodes and weights of a linear layer from `x` to `y`."""
    product = node("MatMul", [x, f"{name}_weight"], [f"{name}_product"])
    weights = {f"{name}_weight": weight.T.copy(), f"{name}_bias": bias}
    return [product, node("Add", [f"{name}_product", f"{name}_bias"], [y])], weights


def norm(name, weight, bias, x, y, epsilon=1e-5):
    """The nodes and weights of a layer norm."""
    operator = node("LayerNormalization", [x, f"{name}_weight", f"{name}_bias"], [y], axis=-1, epsilon=epsilon)
    return [operator], {f"{name}_weight": weight, f"{name}_bias": bias}


def multi_head(name, projections, output, heads, x, y, mask=""):
    """The nodes and weights of self-attention, its parts as weights and biases."""
    weights = {f"{name}_projections": np.concatenate([weight for weight, _ in projections]).T.copy()}
    weights[f"{name}_biases"] = np.concatenate([bias for _, bias in projections])
    inputs = [x, f"{name}_projections", f"{name}_biases", mask]
    fused = node("Attention", inputs, [f"{name}_heads"], domain=FUSED, num_heads=heads)
    nodes, more = linear_layer(f"{name}_output", *output, f"{name}_heads", y)
    return [fused, *nodes], weights | more


def encoder_layer(name, parts, heads, activation, x, y, mask="", epsilon=1e-5):
    """The nodes and weights of a layer with the norms behind; `parts` are those of `multi_head`, and the rest in order."""
    projections, output, first_norm, up, down, second_norm = parts
    inner = lambda part: f"{name}_{part}"
    steps = [
        multi_head(inner("attention"), projections, output, heads, x, inner("attended"), mask),
        ([node("Add", [x, inner("attended")], [inner("first")])], {}),
        norm(inner("first_norm"), *first_norm, inner("first"), inner("normalized"), epsilon),
        linear_layer(inner("up"), *up, inner("normalized"), inner("wide")),
        ([node(activation, [inner("wide")], [inner("active")])], {}),
        linear_layer(inner("down"), *down, inner("active"), inner("narrow")),
        ([node("Add", [inner("normalized"), inner("narrow")], [inner("second")])], {}),
        norm(inner("second_norm"), *second_norm, inner("second"), y, epsilon),
    ]
    return join(steps)


def join(steps):
    """Nodes and weights, one after another."""
    weights = {}
    for _, more in steps:
        weights |= more
    return [operator for nodes, _ in steps for operator in nodes], weights


def attention_parts(embed):
    return [harness.weights(seed, embed, embed) for seed in (2, 4, 6)], harness.weights(8, embed, embed)


def mha(bench, b, s, h, d):
    nodes, weights = multi_head("mha", *attention_parts(h * d), h, "x", "y")
    run(bench, nodes, {"x": numbers(1, b, s, h * d)}, [b, s, h * d], weights)


def encoder(bench, b, s, h, d, f):
    embed = h * d
    plain = np.ones(embed, np.float32), np.zeros(embed, np.float32)
    parts = *attention_parts(embed), plain, harness.weights(10, f, embed), harness.weights(12, embed, f), plain
    nodes, weights = encoder_layer("layer", parts, h, "Relu", "x", "y")
    run(bench, nodes, {"x": numbers(1, b, s, embed)}, [b, s, embed], weights)


def minilm_layers(saved, mask=""):
    """The layers of all-MiniLM-L6-v2, from `embedded` to `x6`."""
    pair = lambda name: (saved[f"{name}.weight"], saved[f"{name}.bias"])
    steps = [norm("embeddings", *pair("embeddings.LayerNorm"), "embedded", "x0", 1e-12)]
    for i in range(6):
        name = f"encoder.layer.{i}"
        projections = [pair(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
        rest = "attention.output.dense attention.output.LayerNorm intermediate.dense output.dense output.LayerNorm"
        parts = projections, *(pair(f"{name}.{part}") for part in rest.split())
        steps.append(encoder_layer(f"layer{i}", parts, 12, "Gelu", f"x{i}", f"x{i + 1}", mask, 1e-12))
    return steps


def minilm(bench, first, count):
    saved = load_file(f"{harness.model_folder()}/model.safetensors")
    ids, valid = harness.padded_tokens(first, count)
    positions = saved["embeddings.position_embeddings.weight"][: ids.shape[1]]
    tables = {"words": saved["embeddings.word_embeddings.weight"]}
    tables["places"] = positions + saved["embeddings.token_type_embeddings.weight"][0]
    lookup = [node("Gather", ["words", "ids"], ["found"]), node("Add", ["found", "places"], ["embedded"])]
    steps = [(lookup, tables), *minilm_layers(saved, "mask")]
    # The mean of the valid tokens, divided by its length.
    mean = [node("MatMul", ["weights", "x6"], ["sum"]), node("Squeeze", ["sum", "axis"], ["mean"])]
    mean += [node("ReduceL2", ["mean", "axis"], ["length"], keepdims=1), node("Div", ["mean", "length"], ["y"])]
    steps.append((mean, {"axis": np.array([1])}))
    share = valid[:, None, :] / valid.sum(1)[:, None, None]
    inputs = {"ids": ids, "mask": valid.astype(np.int32), "weights": share.astype(np.float32)}
    nodes, weights = join(steps)
    run(bench, nodes, inputs, [count, 384], weights)


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
    nodes, weights = linear_layer("up", *harness.weights(2, n, k), "x", "wide")
    nodes += [node("Gelu", ["wide"], ["gelu"]), node("Add", ["r", "gelu"], ["y"])]
    run(bench, nodes, {"x": numbers(1, m, k), "r": numbers(4, m, n)}, [m, n], weights)


KINDS = {
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

if __name__ == "__main__":
    harness.each_case(KINDS)
