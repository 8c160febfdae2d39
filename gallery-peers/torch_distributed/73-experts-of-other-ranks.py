from common import *

# The scale of each expert is ten times its number.
chosen, scales = torch.tensor([3, 0, 1]), 10 * arange(4, 1)
right = scales[chosen]


def program(rank):
    own = chosen - 2 * rank
    own = own.masked_fill((own < 0) | (own >= 2), 0)
    return summed(torch.nn.functional.embedding(own, part(scales, 0, rank))), right


in_ranks(program)
