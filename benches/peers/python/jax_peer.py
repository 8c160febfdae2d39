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


def run(bench, function, *inputs, values=lambda y: y, parts=None):
    jitted = jax.jit(function)
    bench.run_parts(lambda: jax.block_until_ready(jitted(*inputs)), parts or (lambda y: [values(y)]))


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


def multi_head(layers, x, heads, mask=None):
    query, key, value, output = layers
    b, s, e = x.shape
    split = lambda layer: apply(layer, x).reshape(b, s, heads, -1).swapaxes(1, 2)
    y = attend(split(query)[:, :, None], split(key), split(value), mask)[:, :, 0]
    return apply(output, y.swapaxes(1, 2).reshape(b, s, e))


def projections(embed, first=2):
    return [linear(seed, embed, embed) for seed in range(first, first + 8, 2)]


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
        valid = harness.valid_keys(b, s)
        values = lambda y: harness.without_padding(np.asarray(y)[:, :, 0], valid)
        mask = jnp.asarray(valid)[:, None, None, None, :]
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


def training_layer(embed, hidden, first=2):
    """The parameters of a layer: those of the seeds in their order, then of the norms."""
    norm = (jnp.ones(embed), jnp.zeros(embed))
    return [*projections(embed, first), linear(first + 8, embed, hidden), linear(first + 10, hidden, embed), norm, norm]


def layer_parts(gradients):
    """The gradients of a layer; without that of the keys' bias, which is zero but for rounding."""
    parts = [part for pair in gradients for part in pair]
    return parts[:3] + parts[4:]


def train_encoder(bench, b, s, h, d, f):
    def loss(layer, x):
        *attention, up, down, first, second = layer
        x = layer_norm(x + multi_head(attention, x, h), *first)
        x = layer_norm(x + apply(down, jax.nn.relu(apply(up, x))), *second)
        return (x * x).mean()

    # Of a norm without weights the mean square does not depend on anything.
    norms = [(numbers(seed, h * d), numbers(seed + 1, h * d)) for seed in (20, 22)]
    layer = [*training_layer(h * d, f)[:-2], *norms]
    parts = lambda step: [step[0], *layer_parts(step[1])]
    run(bench, jax.value_and_grad(loss), layer, numbers(1, b, s, h * d), parts=parts)


def zeros(model):
    return jax.tree.map(jnp.zeros_like, model)


def adamw(model, gradients, means, squares, count):
    """What it gives: the model, the moments and the count of the steps."""
    count = count + 1
    means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
    squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradients)

    def update(x, m, v):
        return x * (1 - 1e-3 * 0.01) - 1e-3 * (m / (1 - 0.9**count)) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8)

    return jax.tree.map(update, model, means, squares), means, squares, count


def train_decoder(bench, b, s, v, h, d, f, count):
    mask = jnp.tril(jnp.ones((s, s), bool))

    def loss(model, ids, targets):
        tokens, positions, layers, norm, output = model
        x = tokens[ids] + positions
        for *attention, up, down, first, second in layers:
            x = x + multi_head(attention, layer_norm(x, *first), h, mask)
            x = x + apply(down, jax.nn.gelu(apply(up, layer_norm(x, *second))))
        logarithms = jax.nn.log_softmax(apply(output, layer_norm(x, *norm)), -1)
        return -jnp.take_along_axis(logarithms, targets[..., None], -1).mean()

    def parts(step):
        value, (tokens, positions, layers, norm, output) = step
        inner = [part for layer in layers for part in layer_parts(layer)]
        return [value, tokens, positions, *inner, *norm, *output]

    embed = h * d
    layers = [training_layer(embed, f, 2 + 16 * i) for i in range(count)]
    norm = (jnp.ones(embed), jnp.zeros(embed))
    model = (numbers(200, v, embed), numbers(201, s, embed), layers, norm, linear(202, embed, v))
    ids, targets = (jnp.asarray(harness.ids(seed, v, b, s).astype(np.int32)) for seed in (300, 301))
    gradients = jax.value_and_grad(loss)

    def step(state):
        model, *state = state
        value, of_model = gradients(model, ids, targets)
        return adamw(model, of_model, *state), value

    jitted = jax.jit(step, donate_argnums=0)
    # Its own copy of each array, as those of the norms are shared, and donated only once.
    state = [jax.tree.map(lambda x: x.copy(), (model, zeros(model), zeros(model), jnp.zeros(())))]

    def update():
        state[0], value = jax.block_until_ready(jitted(state[0]))
        return value

    bench.run_parts(update, lambda _: parts(jax.jit(gradients)(state[0][0], ids, targets)))


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
        "train_encoder": train_encoder,
        "train_decoder": train_decoder,
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
