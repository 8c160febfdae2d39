from common import *

queries = torch.tensor([[1.0, 1.0, 3.0, 5.0]])
right = queries / 3


def program(rank):
    own = part(queries, 1, rank)
    normalized = torch.nn.functional.rms_norm(own, (2,))
    return gathered(normalized, 1), right


in_ranks(program)
