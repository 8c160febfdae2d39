from common import *

seen = 0
for length in [3, 1]:
    q = wave(1, length, 8).view(1, length, 4, 2)  # (batch, sequence, heads, head_dim)
    seen += q.shape[2]
report(seen, 4)
