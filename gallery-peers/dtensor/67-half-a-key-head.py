from common import *

# One head of keys, of four features.
x, weight = wave(1, 2, 4), wave(4, 4)
right = (x @ weight.T).view(1, 2, 1, 4)


def program(mesh):
    w = distribute_tensor(weight, mesh, [Shard(0)])
    keys = distribute_tensor(x, mesh, [Replicate()]) @ w.T
    return whole(keys.view(1, 2, -1, 4)), right


in_ranks(program)
