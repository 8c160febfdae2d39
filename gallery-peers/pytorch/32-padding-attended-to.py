from common import *

x = wave(1, 3, 2)
x[:, 2] = 9.0  # padding: the sequence has 2 tokens
report(attend(x, x, x)[:, :2], attend(x[:, :2], x[:, :2], x[:, :2]))
