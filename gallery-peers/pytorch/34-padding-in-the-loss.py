from common import *

logits = torch.zeros(1, 3, 4)
logits[0, 2, 1] = 8.0  # what the model says of the padding
targets = torch.tensor([[2, 3, 0]])  # 2 tokens, then padding
loss = torch.nn.functional.cross_entropy
report(loss(logits.flatten(0, 1), targets.flatten()), loss(logits[0, :2], targets[0, :2]))
