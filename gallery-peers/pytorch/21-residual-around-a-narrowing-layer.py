from common import *

x, layer = arange(2, 4), torch.nn.Linear(4, 1)
y = x + layer(x)  # (2, 1) is stretched to (2, 4)
report(y.shape == x.shape, False)
