"""The layers and the model in PyTorch: for PyTorch itself, and for what converts from it."""

import harness
import torch
import torch_operations
from torch import nn
from torch.nn import functional as F
from torch_operations import Function, tensor


def linear(seed, inputs, outputs, bias=True):
    layer = nn.Linear(inputs, outputs, bias=bias)
    parts = map(torch.from_numpy, harness.weights(seed, outputs, inputs))
    for parameter, numbers in zip(layer.parameters(), parts):
        parameter.data = numbers
    return layer


class MultiHead(nn.Module):
    """The three projections are one product, as in `nn.MultiheadAttention`."""

    def __init__(self, heads, width, first=2, causal=False):
        super().__init__()
        embed = heads * width
        parts = [linear(first + seed, embed, embed) for seed in (0, 2, 4)]
        self.heads, self.width, self.causal = heads, width, causal
        self.projections = nn.Linear(embed, 3 * embed)
        self.projections.weight.data = torch.cat([part.weight for part in parts]).detach()
        self.projections.bias.data = torch.cat([part.bias for part in parts]).detach()
        self.output = linear(first + 6, embed, embed)

    def forward(self, x):
        b, s, e = x.shape
        q, k, v = self.projections(x).view(b, s, 3, self.heads, self.width).permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.output(attended.transpose(1, 2).reshape(b, s, e))


class Encoder(nn.Module):
    def __init__(self, heads, width, hidden):
        super().__init__()
        embed = heads * width
        self.attention = MultiHead(heads, width)
        self.up, self.down = linear(10, embed, hidden), linear(12, hidden, embed)
        self.norms = nn.ModuleList([nn.LayerNorm(embed), nn.LayerNorm(embed)])

    def forward(self, x):
        x = self.norms[0](x + self.attention(x))
        return self.norms[1](x + self.down(F.relu(self.up(x))))


class LayerNorm(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.weight, self.bias = nn.Parameter(tensor(2, size)), nn.Parameter(tensor(3, size))

    def forward(self, x):
        return F.layer_norm(x, self.bias.shape, self.weight, self.bias, 1e-5)


class LinearGeluAdd(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = linear(2, inputs, outputs)

    def forward(self, x, residual):
        return residual + F.gelu(self.linear(x))


class MiniLm(nn.Module):
    """Sentences to vectors of length 1, by the model of the transformers library."""

    def __init__(self):
        super().__init__()
        from transformers import BertModel

        folder = harness.model_folder()
        self.bert = BertModel.from_pretrained(folder, attn_implementation="sdpa", add_pooling_layer=False)

    def forward(self, ids, valid):
        hidden = self.bert(input_ids=ids, attention_mask=valid).last_hidden_state
        weights = valid.unsqueeze(-1).to(hidden.dtype)
        return F.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)


def tokens(first, count):
    return tuple(map(torch.from_numpy, harness.padded_tokens(first, count)))


def attention_inputs(b, h, g, s, d):
    return tensor(1, b, h, s, d), tensor(2, b, g, s, d), tensor(3, b, g, s, d)


def models():
    """For each kind of case a function of its sizes, which gives a module and its inputs."""
    attend = F.scaled_dot_product_attention
    rows = lambda r, c: tensor(1, r, c)

    def padded(b, h, s, d):
        mask = torch.from_numpy(harness.valid_keys(b, s))[:, None, None, :]
        inputs = attention_inputs(b, h, h, s, d)
        return Function(lambda q, k, v, mask: attend(q, k, v, attn_mask=mask)), (*inputs, mask)

    def grouped(b, h, g, s, d):
        return Function(lambda q, k, v: attend(q, k, v, enable_gqa=True)), attention_inputs(b, h, g, s, d)

    causal = Function(lambda q, k, v: attend(q, k, v, is_causal=True))
    product = Function(torch.matmul)
    return {
        "matmul": lambda m, k, n: (product, (tensor(1, m, k), tensor(2, k, n))),
        "linear": lambda m, k, n: (linear(2, k, n, bias=False), (tensor(1, m, k),)),
        "batch_matmul": lambda b, m, k, n: (product, (tensor(1, b, m, k), tensor(2, b, k, n))),
        "attention": lambda b, h, s, d: (Function(attend), attention_inputs(b, h, h, s, d)),
        "causal_attention": lambda b, h, s, d: (causal, attention_inputs(b, h, h, s, d)),
        "padded_attention": padded,
        "grouped_attention": grouped,
        "mha": lambda b, s, h, d: (MultiHead(h, d), (tensor(1, b, s, h * d),)),
        "encoder": lambda b, s, h, d, f: (Encoder(h, d, f), (tensor(1, b, s, h * d),)),
        "softmax": lambda r, c: (Function(lambda x: torch.softmax(x, -1)), (rows(r, c),)),
        "layer_norm": lambda r, c: (LayerNorm(c), (rows(r, c),)),
        "gelu": lambda r, c: (Function(F.gelu), (rows(r, c),)),
        "gelu_tanh": lambda r, c: (Function(lambda x: F.gelu(x, approximate="tanh")), (rows(r, c),)),
        "chain": lambda r, c: (Function(lambda x, y: F.relu(x * y + x) * 0.5 + 1), (rows(r, c), tensor(2, r, c))),
        "gelu_add": lambda r, c: (
            Function(lambda x, bias, r: r + F.gelu(x + bias)),
            (rows(r, c), tensor(2, c), tensor(3, r, c)),
        ),
        "linear_gelu_add": lambda m, k, n: (LinearGeluAdd(k, n), (tensor(1, m, k), tensor(4, m, n))),
        **torch_operations.models(),
        "minilm": lambda first, count: (MiniLm(), tokens(first, count)),
    }


def values(bench):
    """How a result becomes comparable."""
    if bench.kind == "normal":
        return lambda result: [result.numel()]
    if bench.kind.endswith("_bf16"):
        return lambda result: result.float()
    if bench.kind != "padded_attention":
        return lambda result: result
    b, _, s, _ = bench.sizes
    return lambda result: harness.without_padding(result, harness.valid_keys(b, s))
