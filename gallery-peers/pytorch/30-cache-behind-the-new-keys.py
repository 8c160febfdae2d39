from common import *

past, new, q = wave(1, 3, 2), 2 * wave(1, 2, 2), wave(1, 2, 2)
mask = torch.ones(2, 5).triu(4).bool()  # queries are the last 2 of 5 keys
bias = torch.zeros(2, 5).masked_fill(mask, -torch.inf)
wrong, right = torch.cat([new, past], 1), torch.cat([past, new], 1)
report(attend(q, wrong, wrong, bias), attend(q, right, right, bias))
