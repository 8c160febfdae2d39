"""Operations beside products and attention, as models have them, in PyTorch."""

import harness
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def tensor(seed, *sizes):
    return torch.from_numpy(harness.numbers(seed, *sizes))


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def product(dtype):
    """A product of matrices of another type than `float32`."""
    return lambda m, k, n: (Function(torch.matmul), (tensor(1, m, k).to(dtype), tensor(2, k, n).to(dtype)))


def linear(dtype):
    weight = lambda k, n: torch.from_numpy(harness.weights(2, n, k)[0]).to(dtype)
    return lambda m, k, n: (Function(F.linear), (tensor(1, m, k).to(dtype), weight(k, n)))


def scaled(seed, inputs, *sizes):
    return tensor(seed, *sizes) / np.sqrt(np.float32(inputs))


class Lstm(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
        for seed, parameter in enumerate(self.lstm.parameters(), 2):
            parameter.data = scaled(seed, hidden, *parameter.shape)

    def forward(self, x):
        return self.lstm(x)[0]


def adamw(rows, columns):
    x, y = nn.Parameter(tensor(1, rows, columns)), tensor(2, rows, columns)
    optimizer = torch.optim.AdamW([x], lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True)

    def step():
        optimizer.zero_grad()
        with torch.inference_mode(False), torch.enable_grad():
            (x * y).sum().backward()
        optimizer.step()
        return x.detach()

    return Function(step), ()


def biased(b, h, s, d):
    attend = lambda q, k, v, bias: F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
    return Function(attend), (*(tensor(seed, b, h, s, d) for seed in (1, 2, 3)), tensor(4, 1, h, s, s))


def scatter_add(rows, columns, table):
    ids = torch.from_numpy(harness.ids(2, table, rows))
    add = lambda x: torch.zeros(table, columns).index_add_(0, ids, x)
    return Function(add), (tensor(1, rows, columns),)


def models():
    """As `torch_models.models`."""
    of = lambda function, *inputs: (Function(function), inputs)
    return {
        "conv2d": lambda b, c, h, w, o, k: of(
            lambda x, weight: F.conv2d(x, weight, padding=k // 2),
            tensor(1, b, c, h, w),
            scaled(2, c * k * k, o, c, k, k),
        ),
        "depthwise": lambda b, c, h, w, k: of(
            lambda x, weight: F.conv2d(x, weight, padding=k // 2, groups=c),
            tensor(1, b, c, h, w),
            scaled(2, k * k, c, 1, k, k),
        ),
        "conv1d": lambda b, c, t, o, k, stride: of(
            lambda x, weight: F.conv1d(x, weight, stride=stride, padding=k // 2),
            tensor(1, b, c, t),
            scaled(2, c * k, o, c, k),
        ),
        "max_pool": lambda b, c, h, w, k: of(lambda x: F.max_pool2d(x, k), tensor(1, b, c, h, w)),
        "lstm": lambda b, s, e, h: (Lstm(e, h), (tensor(1, b, s, e),)),
        "matmul_bf16": product(torch.bfloat16),
        "linear_bf16": linear(torch.bfloat16),
        "matmul_f64": product(torch.float64),
        "biased_attention": biased,
        "scatter_add": scatter_add,
        "lookup": lambda r, c, t: of(F.embedding, torch.from_numpy(harness.ids(2, t, r)), tensor(1, t, c)),
        "softmax_middle": lambda b, r, c: of(lambda x: torch.softmax(x, 1), tensor(1, b, r, c)),
        "permute": lambda b, r, h, d: of(lambda x: (x.transpose(1, 2) * 2.0).contiguous(), tensor(1, b, r, h, d)),
        "scale_rows": lambda b, s, e: of(lambda x, y: x * y[:, None], tensor(1, b, s, e), tensor(2, b, e)),
        "dot_rows": lambda b, s, e: of(lambda x, y: torch.einsum("bse,be->bs", x, y), tensor(1, b, s, e), tensor(2, b, e)),
        "cumsum": lambda r, c: of(lambda x: x.cumsum(1), tensor(1, r, c)),
        "sort": lambda r, c: of(lambda x: x.sort(1)[0], tensor(1, r, c)),
        "top_k": lambda r, c, k: of(lambda x: x.topk(k)[0], tensor(1, r, c)),
        "argmax": lambda r, c: of(lambda x: x.argmax(1), tensor(1, r, c)),
        "normal": lambda r, c: of(lambda: torch.randn(r, c)),
        "adamw": adamw,
    }
