from common import *

# Four heads of queries share two of keys and values. Axes: batch, sequence, heads, features.
q, k, v = wave(1, 4, 4, 2), wave(1, 4, 2, 2), wave(1, 4, 2, 2)


def attend(q, k, v):
    k, v = [x.repeat_interleave(q.shape[2] // x.shape[2], 2) for x in (k, v)]
    q, k, v = [x.transpose(1, 2) for x in (q, k, v)]
    return (torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v).transpose(1, 2)


right = attend(q, k, v)


def program(rank, axis):
    keys, values = [spmd.all_gather(of_part(x, 1, rank, axis), axis, src=S(2), dst=R) for x in (k, v)]
    y = attend(of_part(q, 1, rank, axis), keys, values)
    return spmd.all_gather(y, axis, src=S(1), dst=R), right


in_ranks(program)
