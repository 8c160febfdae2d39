from common import *

x, weight, bias = torch.ones(2, 4), torch.ones(4, 3), torch.full((3,), 10.0)
right = x @ weight + bias


def program(rank, axis):
    y = of_part(x, 1, rank, axis) @ of_part(weight, 0, rank, axis) + of_all(bias, axis)
    return spmd.all_reduce(y, axis, dst=R), right


in_ranks(program)
