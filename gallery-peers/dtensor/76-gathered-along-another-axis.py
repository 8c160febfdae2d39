from common import *

# Four heads of queries share two of keys and values. Axes: batch, sequence, heads, features.
q, k, v = wave(1, 4, 4, 2), wave(1, 4, 2, 2), wave(1, 4, 2, 2)


def attend(q, k, v):
    k, v = [x.repeat_interleave(q.shape[2] // x.shape[2], 2) for x in (k, v)]
    q, k, v = [x.transpose(1, 2) for x in (q, k, v)]
    return (torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v).transpose(1, 2)


right = attend(q, k, v)


def program(mesh):
    # What is gathered has no axis: that is known.
    keys, values = [distribute_tensor(x, mesh, [Shard(1)]).redistribute(placements=[Replicate()]) for x in (k, v)]
    return whole(attend(distribute_tensor(q, mesh, [Shard(1)]), keys, values)), right


in_ranks(program)
