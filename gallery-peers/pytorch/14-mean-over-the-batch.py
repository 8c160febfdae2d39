from common import *

x = arange(2, 2, 3)  # (batch, sequence, embed)
report(x.mean(0), x.mean(1))
