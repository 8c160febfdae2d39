from common import *

gradient, clipped = torch.tensor([3.0, 4.0]), torch.tensor([0.6, 0.8])
right = clipped


def program(mesh):
    parameter = torch.nn.Parameter(distribute_tensor(torch.ones(2), mesh, [Shard(0)]))
    parameter.grad = distribute_tensor(gradient, mesh, [Shard(0)])
    torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    return whole(parameter.grad), right


in_ranks(program)
