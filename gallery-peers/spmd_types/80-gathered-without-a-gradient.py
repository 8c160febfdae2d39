from common import *

# The loss is 4.5 times the square of the weight.
x, right = torch.tensor([1.0, 2.0]), torch.tensor(9.0)


def program(rank, axis):
    weight = of_all(torch.ones(()), axis).requires_grad_()
    features = of_part(x, 0, rank, axis) * weight
    parts = [of_all(torch.empty(1), axis) for _ in range(RANKS)]
    dist.all_gather(parts, features, group=axis)
    loss = (features * torch.cat(parts).sum()).sum() / len(x)
    spmd.all_reduce(loss, axis, dst=I).backward()
    with no_typecheck():
        gradient = weight.grad.clone()
        dist.all_reduce(gradient)
    return gradient, right


in_ranks(program)
