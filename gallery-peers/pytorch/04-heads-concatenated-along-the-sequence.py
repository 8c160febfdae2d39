from common import *

heads = [arange(1, 2, 2), 10 + arange(1, 2, 2)]  # each (batch, sequence, head_dim)
report(torch.cat(heads, 1).view(1, 2, 4), torch.cat(heads, -1))
