from common import *

table = wave(4, 2)
table[torch.arange(6)]
