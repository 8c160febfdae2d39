from common import *

x, routed, shared = torch.ones(2, 4), torch.ones(4, 3), torch.full((4, 3), 10.0)
right = x @ routed + x @ shared


def program(mesh):
    own = distribute_tensor(x, mesh, [Shard(1)])
    w, v = [distribute_tensor(weight, mesh, [Shard(0)]) for weight in (routed, shared)]
    y = (own @ w).redistribute(placements=[Replicate()]) + own @ v
    return whole(y), right


in_ranks(program)
