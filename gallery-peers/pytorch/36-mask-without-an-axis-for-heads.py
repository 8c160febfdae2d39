from common import *

x = wave(2, 2, 2, 2)  # (batch, heads, sequence, head_dim): 2 of each
bias = torch.zeros(2, 2, 2)  # (batch, queries, keys)
bias[1, :, 1] = -torch.inf  # the second sequence has one token
report(attend(x, x, x, bias), attend(x, x, x, bias[:, None]))
