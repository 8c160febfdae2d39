from common import *

table, x = arange(8, 1), torch.zeros(4, 1)
right = x + table[:4]


def program(rank):
    own = part(x, 0, rank)
    return gathered(own + table[torch.arange(len(own))], 0), right


in_ranks(program)
