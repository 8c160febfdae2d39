from common import *

x, routed, shared = torch.ones(2, 4), torch.ones(4, 3), torch.full((4, 3), 10.0)
right = x @ routed + x @ shared


def program(rank, axis):
    own = of_part(x, 1, rank, axis)
    of_shared = spmd.all_reduce(own @ of_part(shared, 0, rank, axis), axis, dst=R)
    y = own @ of_part(routed, 0, rank, axis) + of_shared
    return spmd.all_reduce(y, axis, dst=R), right


in_ranks(program)
