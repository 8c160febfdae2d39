"""Steps of training in PyTorch: models that give a loss, and the gradients of all their parameters."""

import harness
import torch
from torch import nn
from torch.nn import functional as F
from torch_models import Encoder, MultiHead, linear, tensor


class EncoderLoss(nn.Module):
    """The mean square of what a layer gives."""

    def __init__(self, *sizes):
        super().__init__()
        self.layer = Encoder(*sizes)
        # Of a norm without weights the mean square does not depend on anything.
        for norm, seed in zip(self.layer.norms, (20, 22)):
            norm.weight.data, norm.bias.data = tensor(seed, *norm.weight.shape), tensor(seed + 1, *norm.weight.shape)

    def forward(self, x):
        return self.layer(x).square().mean()

    def gradients(self):
        return layer_gradients(self.layer)


class DecoderLayer(nn.Module):
    def __init__(self, heads, width, hidden, first):
        super().__init__()
        embed = heads * width
        self.attention = MultiHead(heads, width, first, causal=True)
        self.up, self.down = linear(first + 8, embed, hidden), linear(first + 10, hidden, embed)
        self.norms = nn.ModuleList([nn.LayerNorm(embed), nn.LayerNorm(embed)])

    def forward(self, x):
        x = x + self.attention(self.norms[0](x))
        return x + self.down(F.gelu(self.up(self.norms[1](x)), approximate="tanh"))


class DecoderLoss(nn.Module):
    """The mean cross-entropy of a language model."""

    def __init__(self, sequence, table, heads, width, hidden, layers):
        super().__init__()
        embed = heads * width
        self.tokens = nn.Embedding(table, embed)
        self.tokens.weight.data = tensor(200, table, embed)
        self.positions = nn.Parameter(tensor(201, sequence, embed))
        self.layers = nn.ModuleList(DecoderLayer(heads, width, hidden, 2 + 16 * i) for i in range(layers))
        self.norm = nn.LayerNorm(embed)
        self.output = linear(202, embed, table)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions
        for layer in self.layers:
            x = layer(x)
        return F.cross_entropy(self.output(self.norm(x)).flatten(0, 1), targets.flatten())

    def gradients(self):
        yield from (self.tokens.weight.grad, self.positions.grad)
        for layer in self.layers:
            yield from layer_gradients(layer)
        yield from (parameter.grad for parameter in [*self.norm.parameters(), *self.output.parameters()])


def layer_gradients(layer):
    """In the order of the seeds, then of the norms; without that of the keys' bias, which is zero but for rounding."""
    weights = layer.attention.projections.weight.grad.chunk(3)
    biases = layer.attention.projections.bias.grad.chunk(3)
    yield from (weights[0], biases[0], weights[1], weights[2], biases[2])
    for part in (layer.attention.output, layer.up, layer.down, *layer.norms):
        yield from (part.weight.grad, part.bias.grad)


def gradients(model, inputs):
    for parameter in model.parameters():
        parameter.grad = None
    loss = model(*inputs)
    loss.backward()
    return loss.detach()


def optimizer(kind, model):
    """The one that a case has, if it has one."""
    if kind == "train_decoder":
        return torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, fused=True)
    return None


def encoder(b, s, h, d, f):
    return EncoderLoss(h, d, f), (tensor(1, b, s, h * d),)


def decoder(b, s, v, h, d, f, layers):
    ids, targets = (torch.from_numpy(harness.ids(seed, v, b, s)) for seed in (300, 301))
    return DecoderLoss(s, v, h, d, f, layers), (ids, targets)


# For each kind of case a function of its sizes, which gives a model and its inputs.
STEPS = {"train_encoder": encoder, "train_decoder": decoder}
