from common import *

x = torch.tensor([[[1.0], [3.0], [0.0], [0.0]]])  # 2 tokens, 2 of padding
report(x.mean(1), [[2.0]])
