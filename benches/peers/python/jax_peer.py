"""JAX, jitted. It takes the number of threads from the cores that it may run on."""

import os

import harness
import numpy as np

os.environ["JAX_PLATFORMS"] = "cpu"
if harness.THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp


def numbers(seed, *sizes):
    return jnp.asarray(harness.numbers(seed, *sizes))


def linear(seed, inputs, outputs):
    return tuple(map(jnp.asarray, harness.weights(seed, outputs, inputs)))


def run(bench, function, *inputs, values=lambda y: y):
    jitted = jax.jit(function)
    bench.run(lambda: jax.block_until_ready(jitted(*inputs)), values)


def attend(q, k, v, mask=None):
    """Queries `[B, G, N, S, D]`: N heads for each of G heads of keys and values `[B, G, S, D]`."""
    scores = jnp.einsum("bgnqd,bgkd->bgnqk", q, k) * q.shape[-1] ** -0.5
    scores = scores if mask is None else jnp.where(mask, scores, -jnp.inf)
    return jnp.einsum("bgnqk,bgkd->bgnqd", jax.nn.softmax(scores, -1), v)


def apply(layer, x):
    weight, bias = layer
    return x @ weight.T + bias


def layer_norm(x, weight=1, bias=0):
    y = x - x.mean(-1, keepdims=True)
    return y * jax.lax.rsqrt((y * y).mean(-1, keepdims=True) + 1e-5) * weight + bias


def multi_head(layers, x, heads):
    query, key, value, output = layers
    b, s, e = x.shape
    split = lambda layer: apply(layer, x).reshape(b, s, heads, -1).swapaxes(1, 2)
    y = attend(split(query)[:, :, None], split(key), split(value))[:, :, 0]
    return apply(output, y.swapaxes(1, 2).reshape(b, s, e))


def projections(embed):
    return [linear(seed, embed, embed) for seed in (2, 4, 6, 8)]


def matmul(bench, *sizes):
    *batch, m, k, n = sizes
    run(bench, jnp.matmul, numbers(1, *batch, m, k), numbers(2, *batch, k, n))


def linear_case(bench, m, k, n):
    run(bench, lambda x, weight: x @ weight.T, numbers(1, m, k), linear(2, k, n)[0])


def attention(bench, b, h, s, d):
    grouped_attention(bench, b, h, h, s, d)


def grouped_attention(bench, b, h, g, s, d):
    q, k, v = numbers(1, b, g, h // g, s, d), numbers(2, b, g, s, d), numbers(3, b, g, s, d)
    if bench.kind == "causal_attention":
        return run(bench, lambda q, k, v: attend(q, k, v, jnp.tril(jnp.ones((s, s), bool))), q, k, v)
    if bench.kind == "padded_attention":
        live = harness.live_keys(b, s)
        values = lambda y: harness.without_padding(np.asarray(y)[:, :, 0], live)
        mask = jnp.asarray(live)[:, None, None, None, :]
        return run(bench, attend, q, k, v, mask, values=values)
    run(bench, attend, q, k, v)


def mha(bench, b, s, h, d):
    run(bench, lambda layers, x: multi_head(layers, x, h), projections(h * d), numbers(1, b, s, h * d))


def encoder(bench, b, s, h, d, f):
    def forward(layers, up, down, x):
        x = layer_norm(x + multi_head(layers, x, h))
        return layer_norm(x + apply(down, jax.nn.relu(apply(up, x))))

    embed = h * d
    run(bench, forward, projections(embed), linear(10, embed, f), linear(12, f, embed), numbers(1, b, s, embed))


def rows(function, *seeds):
    """A case on matrices of these seeds."""
    return lambda bench, r, c: run(bench, function, *(numbers(seed, r, c) for seed in seeds))


def gelu(x):
    return jax.nn.gelu(x, approximate=False)


def linear_gelu_add(bench, m, k, n):
    step = lambda layer, x, r: r + gelu(apply(layer, x))
    run(bench, step, linear(2, k, n), numbers(1, m, k), numbers(4, m, n))


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
        "softmax": rows(lambda x: jax.nn.softmax(x, -1), 1),
        "layer_norm": lambda bench, r, c: run(bench, layer_norm, numbers(1, r, c), numbers(2, c), numbers(3, c)),
        "gelu": rows(gelu, 1),
        "gelu_tanh": rows(jax.nn.gelu, 1),
        "chain": rows(lambda x, y: jax.nn.relu(x * y + x) * 0.5 + 1.0, 1, 2),
        "gelu_add": lambda bench, r, c: run(
            bench, lambda x, bias, r: r + gelu(x + bias), numbers(1, r, c), numbers(2, c), numbers(3, r, c)
        ),
        "linear_gelu_add": linear_gelu_add,
    }
)
