from common import *

queries = torch.tensor([[1.0, 1.0, 3.0, 5.0]])
right = queries / 3


def program(mesh):
    own = distribute_tensor(queries, mesh, [Shard(1)])
    normalized = torch.nn.functional.rms_norm(own, (4,))
    return whole(normalized), right


in_ranks(program)
