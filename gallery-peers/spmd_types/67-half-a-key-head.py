from common import *

# One head of keys, of four features.
x, weight = wave(1, 2, 4), wave(4, 4)
right = (x @ weight.T).view(1, 2, 1, 4)


def program(rank, axis):
    keys = of_all(x, axis) @ of_part(weight, 0, rank, axis).T
    return spmd.all_gather(keys.view(1, 2, -1, 4), axis, src=S(2), dst=R), right


in_ranks(program)
