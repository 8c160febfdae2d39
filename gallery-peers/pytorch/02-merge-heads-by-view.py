from common import *

heads = arange(1, 2, 2, 2)  # (batch, heads, sequence, head_dim)
report(heads.view(1, 2, 4), heads.transpose(1, 2).reshape(1, 2, 4))
