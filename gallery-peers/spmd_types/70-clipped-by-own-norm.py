from common import *

gradient, clipped = torch.tensor([3.0, 4.0]), torch.tensor([0.6, 0.8])
right = clipped


def program(rank, axis):
    own = of_part(gradient, 0, rank, axis)
    norm = torch.linalg.vector_norm(own)
    return spmd.all_gather(own * (1.0 / norm).clamp(max=1.0), axis, src=S(0), dst=R), right


in_ranks(program)
