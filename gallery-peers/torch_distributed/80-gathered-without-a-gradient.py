from common import *

# The loss is 4.5 times the square of the weight.
x, right = torch.tensor([1.0, 2.0]), torch.tensor(9.0)


def program(rank):
    weight = torch.ones((), requires_grad=True)
    features = part(x, 0, rank) * weight
    loss = (features * gathered(features, 0).sum()).mean()
    loss.backward()
    return summed(weight.grad) / RANKS, right


in_ranks(program)
