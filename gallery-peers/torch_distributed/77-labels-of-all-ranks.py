from common import *

images, texts = wave(4, 2), wave(4, 2)
right = torch.nn.functional.cross_entropy(images @ texts.T, torch.arange(4))


def program(rank):
    logits = part(images, 0, rank) @ part(texts, 0, rank).T
    labels = torch.arange(2) + 2 * rank
    return summed(torch.nn.functional.cross_entropy(logits, labels)) / RANKS, right


in_ranks(program)
