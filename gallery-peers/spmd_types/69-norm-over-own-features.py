from common import *

queries = torch.tensor([[1.0, 1.0, 3.0, 5.0]])
right = queries / 3


def program(rank, axis):
    own = of_part(queries, 1, rank, axis)
    normalized = torch.nn.functional.rms_norm(own, (2,))
    return spmd.all_gather(normalized, axis, src=S(1), dst=R), right


in_ranks(program)
