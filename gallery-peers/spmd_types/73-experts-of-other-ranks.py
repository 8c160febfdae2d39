from common import *

# The scale of each expert is ten times its number.
chosen, scales = torch.tensor([3, 0, 1]), 10 * arange(4, 1)
right = scales[chosen]


def program(rank, axis):
    with no_typecheck():
        own = chosen - 2 * rank
        own, table = own.masked_fill((own < 0) | (own >= 2), 0), part(scales, 0, rank)
    # What a rank looks up of its own part has no meaning for the whole, and is checked as such.
    with typecheck(local=True):
        x = torch.nn.functional.embedding(*(spmd.assert_type(x, {axis: V}) for x in (own, table)))
        return spmd.all_reduce(x, axis, src=V, dst=R), right


in_ranks(program)
