from common import *

x, weight = wave(2, 2), wave(2, 2)  # stored (in, out), as GPT-2 does
report(torch.nn.functional.linear(x, weight), x @ weight)
