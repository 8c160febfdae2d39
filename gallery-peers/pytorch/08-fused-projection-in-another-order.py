from common import *

x, weight = wave(1, 2, 4), wave(12, 4)  # the rows of the weight are (heads, 3, head_dim)
fused = x @ weight.T
query = fused.view(1, 2, 3, 2, 2)[:, :, 0]  # read as (3, heads, head_dim)
report(query, fused.view(1, 2, 2, 3, 2)[:, :, :, 0])
