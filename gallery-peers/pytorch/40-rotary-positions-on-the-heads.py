from common import *

x = wave(1, 2, 2, 4)  # (batch, sequence, heads, head_dim): 2 of each
angle = arange(2)[:, None] * torch.tensor([1.0, 0.1])  # (positions, head_dim / 2)


def rotate(x, cos, sin):
    first, second = x[..., :2], x[..., 2:]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


right = rotate(x, angle.cos()[:, None], angle.sin()[:, None])
report(rotate(x, angle.cos(), angle.sin()), right)
