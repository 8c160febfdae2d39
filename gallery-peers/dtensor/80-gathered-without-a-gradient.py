from common import *

# The loss is 4.5 times the square of the weight.
x, right = torch.tensor([1.0, 2.0]), torch.tensor(9.0)


def program(mesh):
    weight = distribute_tensor(torch.ones(()), mesh, [Replicate()]).requires_grad_()
    features = distribute_tensor(x, mesh, [Shard(0)]) * weight
    loss = (features * features.redistribute(placements=[Replicate()]).sum()).mean()
    loss.backward()
    return whole(weight.grad), right


in_ranks(program)
