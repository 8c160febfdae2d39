from common import *

images, texts = wave(4, 2), wave(4, 2)
right = torch.nn.functional.cross_entropy(images @ texts.T, torch.arange(4))


def program(mesh):
    x, y = [distribute_tensor(x, mesh, [Shard(0)]) for x in (images, texts)]
    labels = distribute_tensor(torch.arange(4), mesh, [Shard(0)])
    return whole(torch.nn.functional.cross_entropy(x @ y.T, labels)), right


in_ranks(program)
