from common import *

# The scale of each expert is ten times its number.
chosen, scales = torch.tensor([3, 0, 1]), 10 * arange(4, 1)
right = scales[chosen]


def program(mesh):
    own = distribute_tensor(scales, mesh, [Shard(0)])
    return whole(torch.nn.functional.embedding(distribute_tensor(chosen, mesh, [Replicate()]), own)), right


in_ranks(program)
