from common import *

q, k = wave(1, 1, 2, 2), wave(1, 1, 4, 2)  # a chunk of 2, behind 2 of the cache
live = torch.tensor([True, False])  # of the chunk
attend(q, k, k, torch.zeros(2).masked_fill(~live, -torch.inf))
