from common import *

x, weight, bias = torch.ones(2, 4), torch.ones(4, 3), torch.full((3,), 10.0)
right = x @ weight + bias


def program(mesh):
    own, w = distribute_tensor(x, mesh, [Shard(1)]), distribute_tensor(weight, mesh, [Shard(0)])
    y = own @ w + distribute_tensor(bias, mesh, [Replicate()])
    return whole(y), right


in_ranks(program)
