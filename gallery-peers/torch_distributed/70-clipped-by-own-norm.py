from common import *

gradient, clipped = torch.tensor([3.0, 4.0]), torch.tensor([0.6, 0.8])
right = clipped


def program(rank):
    parameter = torch.nn.Parameter(torch.ones(1))
    parameter.grad = part(gradient, 0, rank)
    torch.nn.utils.clip_grad_norm_([parameter], 1.0)
    return gathered(parameter.grad, 0), right


in_ranks(program)
