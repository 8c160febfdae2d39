from common import *

q, k = wave(1, 1, 2), wave(1, 5, 2)  # the query stands behind 4 keys
table = -arange(8)  # a bias for each distance


def bias(query):
    return table[(query - torch.arange(5)).abs()]


report(attend(q, k, k, bias(0)), attend(q, k, k, bias(4)))
