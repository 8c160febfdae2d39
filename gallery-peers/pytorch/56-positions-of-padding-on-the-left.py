from common import *

ids, live = torch.tensor([[0, 0, 5, 6]]), torch.tensor([[0, 0, 1, 1]])  # two of padding, and a text of two
words, positions = torch.zeros(10, 1), arange(16, 1)
mask = torch.ones(4, 4, dtype=torch.bool).tril() & (live == 1)
mask = torch.zeros(4, 4).masked_fill(~mask, -1e9)


def encode(places):
    x = words[ids] + positions[places]
    return attend(x, x, x, mask)[:, 2:]


report(encode(torch.arange(4)), encode((live.cumsum(1) - 1).clamp(min=0)))
