from common import *

q, k = wave(1, 1, 2, 2), wave(1, 1, 5, 2)  # the second chunk of a prompt: 3 past, 2 new
mask = torch.ones(2, 2).triu(1) * -1e9
attend(q, k, k, mask)
