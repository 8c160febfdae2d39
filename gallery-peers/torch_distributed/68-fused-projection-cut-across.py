from common import *

x, fused = torch.ones(1, 1), arange(8, 1)  # 0, 1, 2, 3 is the gate, 4, 5, 6, 7 what it lets through
right = torch.tensor([[0.0, 5.0, 12.0, 21.0]])


def program(rank):
    gate, up = (x @ part(fused, 0, rank).T).chunk(2, -1)
    return gathered(gate * up, 1), right


in_ranks(program)
