from common import *

predictions, targets = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1.0, 2.0, 3.0])
report(((predictions - targets) ** 2).mean(), 0.0)
