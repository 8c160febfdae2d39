"""Programs on `torch.distributed.tensor`: a tensor stands for the whole, and knows which part a rank has."""

import ranks
from ranks import *
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor


def in_ranks(program):
    """A program on a mesh of all ranks."""
    ranks.in_ranks(lambda rank: program(init_device_mesh("cpu", (RANKS,), mesh_dim_names=("ranks",))))


def whole(x):
    """What all ranks have together."""
    return x.full_tensor() if isinstance(x, DTensor) else x
