from common import *

x, layer = wave(2, 6), torch.nn.Linear(8, 8)
layer(x)
