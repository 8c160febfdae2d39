from common import *

q = wave(1, 4)  # the query at position 3
angles = arange(8)[:, None] * torch.tensor([1.0, 0.1])


def rotate(x, angle):
    first, second = x[..., :2], x[..., 2:]
    return torch.cat([first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], -1)


report(rotate(q, angles[0:1]), rotate(q, angles[3:4]))
