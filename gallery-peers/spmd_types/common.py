"""Programs on `spmd_types`: tensors of a rank, whose types are compared as the program runs, as strictly as it can."""

import ranks
import spmd_types as spmd
from ranks import *
from spmd_types import I, P, R, S, V
from spmd_types.checker import no_typecheck, typecheck
from torch.distributed.device_mesh import init_device_mesh


def in_ranks(program):
    """A program of the rank and of the axis of the mesh, which is checked. What it gives is no part of it."""

    def checked(rank):
        mesh = init_device_mesh("cpu", (RANKS,), mesh_dim_names=("ranks",))
        with spmd.set_current_mesh(mesh), typecheck("strict", local=False):
            got = program(rank, mesh.get_group("ranks"))
        return got() if callable(got) else got

    ranks.in_ranks(checked)


def of_part(x, dim, rank, axis):
    """The part of a rank, with its type."""
    with no_typecheck():
        own = part(x, dim, rank)
    return spmd.assert_type(own, {axis: S(dim)})


def of_all(x, axis, type=R):
    """What all ranks have alike, with its type."""
    with no_typecheck():
        own = x.clone()
    return spmd.assert_type(own, {axis: type})
