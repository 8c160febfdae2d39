from common import *

x, angle = wave(1, 1, 2, 5), wave(2, 2)
first, second = x[..., :2], x[..., 2:]
first * angle.cos() - second * angle.sin()
