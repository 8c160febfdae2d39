from common import *

x = wave(4, 2, 2)  # (batch and heads, sequence, head_dim): 2 sequences of 2 heads
bias = torch.zeros(2, 2, 2)  # (batch, queries, keys)
bias[1, :, 1] = -torch.inf  # the second sequence has one token
report(attend(x, x, x, bias.repeat(2, 1, 1)), attend(x, x, x, bias.repeat_interleave(2, 0)))
