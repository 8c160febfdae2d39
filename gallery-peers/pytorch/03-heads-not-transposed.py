from common import *

x = wave(1, 3, 2, 2)  # (batch, sequence, heads, head_dim)
y = x.transpose(1, 2)
report(attend(x, x, x), attend(y, y, y).transpose(1, 2))
