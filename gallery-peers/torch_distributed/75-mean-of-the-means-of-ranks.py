from common import *

# A text of 4 tokens whose losses are 1, and one of a single token whose loss is 6.
losses = torch.tensor([[1.0, 1.0, 1.0, 1.0], [6.0, 0.0, 0.0, 0.0]])
live = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])
right = losses.sum() / live.sum()


def program(rank):
    mean = part(losses, 0, rank).sum() / part(live, 0, rank).sum()
    return summed(mean) / RANKS, right


in_ranks(program)
