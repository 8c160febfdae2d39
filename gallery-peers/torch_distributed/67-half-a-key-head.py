from common import *

# One head of keys, of four features.
x, weight = wave(1, 2, 4), wave(4, 4)
right = (x @ weight.T).view(1, 2, 1, 4)


def program(rank):
    keys = x @ part(weight, 0, rank).T
    return gathered(keys.view(1, 2, -1, 4), 2), right


in_ranks(program)
