from common import *

x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
right = torch.tensor([0.75, 0.25]) * 2**0.5


def program(mesh):
    weight = distribute_tensor(torch.ones(2), mesh, [Replicate()]).requires_grad_()
    own = distribute_tensor(x, mesh, [Shard(0)])
    loss = torch.nn.functional.rms_norm(own, (2,), weight).sum() / len(x)
    loss.backward()
    return whole(weight.grad), right


in_ranks(program)
