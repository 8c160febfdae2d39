from common import *

x, fused = torch.ones(1, 1), arange(8, 1)  # 0, 1, 2, 3 is the gate, 4, 5, 6, 7 what it lets through
right = torch.tensor([[0.0, 5.0, 12.0, 21.0]])


def program(rank, axis):
    gate, up = (of_all(x, axis) @ of_part(fused, 0, rank, axis).T).chunk(2, -1)
    return spmd.all_gather(gate * up, axis, src=S(1), dst=R), right


in_ranks(program)
