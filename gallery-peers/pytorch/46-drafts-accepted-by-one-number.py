from common import *

q, keys = wave(2, 1, 2), wave(2, 4, 2)  # of each sequence 2 tokens, and 2 drafted ones
accepted = [2, 0]
cache = keys[:, : 2 + max(accepted)]
report(attend(q, cache, cache)[1], attend(q[1], keys[1, :2], keys[1, :2]))
