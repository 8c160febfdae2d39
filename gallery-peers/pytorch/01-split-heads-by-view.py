from common import *

x = arange(1, 2, 4)  # (batch, sequence, embed), to be 2 heads of 2
report(x.view(1, 2, 2, 2), x.view(1, 2, 2, 2).transpose(1, 2))
