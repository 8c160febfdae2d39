from common import *

x = arange(2, 2, 3)  # (batch, sequence, embed)
report(x[0], x[:, 0])
