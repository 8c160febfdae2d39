from common import *

logits, targets = wave(1, 3, 4), torch.tensor([[0, 1, 2]])  # (batch, sequence, classes)
loss = torch.nn.functional.cross_entropy
report(loss(logits.view(1, 4, 3), targets), loss(logits.permute(0, 2, 1), targets))
