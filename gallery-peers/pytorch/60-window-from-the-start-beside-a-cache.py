from common import *

q, k = torch.ones(1, 1, 1), torch.ones(1, 5, 1)  # the query stands behind 4 keys
v = torch.tensor([[[1.0], [1.0], [1.0], [1.0], [100.0]]])


def bias(query):
    """A window of the token and the one before it."""
    keys = torch.arange(5)
    return torch.zeros(5).masked_fill((keys > query) | (keys < query - 1), -torch.inf)


report(attend(q, k, v, bias(0)), attend(q, k, v, bias(4)))
