"""NumPy, whose products are OpenBLAS's. It takes the number of threads from `OPENBLAS_NUM_THREADS`."""

import harness
import numpy as np
from harness import numbers

HALF, ONE = np.float32(0.5), np.float32(1)


def softmax(x):
    y = x - x.max(-1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(-1, keepdims=True)
    return y


def layer_norm(x, weight, bias):
    y = x - x.mean(-1, keepdims=True)
    y /= np.sqrt((y * y).mean(-1, keepdims=True) + np.float32(1e-5))
    return y * weight + bias


def attend(q, k, v, mask=None):
    scores = (q @ k.swapaxes(-1, -2)) * np.float32(q.shape[-1] ** -0.5)
    return softmax(scores if mask is None else scores + mask) @ v


def linear(seed, inputs, outputs):
    weight, bias = harness.weights(seed, outputs, inputs)
    return lambda x: (x.reshape(-1, inputs) @ weight.T + bias).reshape(*x.shape[:-1], outputs)


def multi_head(heads, width):
    query, key, value, output = (linear(seed, heads * width, heads * width) for seed in (2, 4, 6, 8))

    def forward(x):
        split = lambda y: y.reshape(*x.shape[:2], heads, width).swapaxes(1, 2)
        y = attend(split(query(x)), split(key(x)), split(value(x)))
        return output(y.swapaxes(1, 2).reshape(x.shape))

    return forward


def matmul(bench, *sizes):
    *batch, m, k, n = sizes
    a, b = numbers(1, *batch, m, k), numbers(2, *batch, k, n)
    bench.run(lambda: a @ b)


def linear_case(bench, m, k, n):
    x, (weight, _) = numbers(1, m, k), harness.weights(2, n, k)
    bench.run(lambda: x @ weight.T)


def attention(bench, b, h, s, d):
    q, k, v = (numbers(seed, b, h, s, d) for seed in (1, 2, 3))
    mask, values = None, lambda y: y
    if bench.kind == "causal_attention":
        mask = np.triu(np.full((s, s), -np.inf, np.float32), 1)
    if bench.kind == "padded_attention":
        valid = harness.valid_keys(b, s)
        mask = np.where(valid, 0, -np.inf).astype(np.float32)[:, None, None, :]
        values = lambda y: harness.without_padding(y, valid)
    bench.run(lambda: attend(q, k, v, mask), values)


def grouped_attention(bench, b, h, g, s, d):
    q, k, v = numbers(1, b, g, h // g, s, d), numbers(2, b, g, 1, s, d), numbers(3, b, g, 1, s, d)
    bench.run(lambda: attend(q, k, v))


def mha(bench, b, s, h, d):
    x, layer = numbers(1, b, s, h * d), multi_head(h, d)
    bench.run(lambda: layer(x))


def encoder(bench, b, s, h, d, f):
    x, attention, up, down = numbers(1, b, s, h * d), multi_head(h, d), linear(10, h * d, f), linear(12, f, h * d)

    def step():
        y = layer_norm(x + attention(x), ONE, np.float32(0))
        return layer_norm(y + down(np.maximum(up(y), 0)), ONE, np.float32(0))

    bench.run(step)


def rows(function):
    """A case on the rows of a matrix."""

    def case(bench, r, c):
        x = numbers(1, r, c)
        bench.run(lambda: function(x))

    return case


def layer_norm_case(bench, r, c):
    x, weight, bias = numbers(1, r, c), numbers(2, c), numbers(3, c)
    bench.run(lambda: layer_norm(x, weight, bias))


def chain(bench, r, c):
    x, y = numbers(1, r, c), numbers(2, r, c)
    bench.run(lambda: np.maximum(x * y + x, 0) * HALF + ONE)


def gelu_tanh(x):
    return HALF * x * (ONE + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))


harness.each_case(
    {
        "matmul": matmul,
        "linear": linear_case,
        "batch_matmul": matmul,
        "attention": attention,
        "causal_attention": attention,
        "padded_attention": attention,
        "grouped_attention": grouped_attention,
        "mha": mha,
        "encoder": encoder,
        "softmax": rows(softmax),
        "layer_norm": layer_norm_case,
        "gelu_tanh": rows(gelu_tanh),
        "chain": chain,
    }
)
