from common import *

q, v = torch.ones(1, 4, 1), torch.tensor([100.0, 100.0, 1.0, 1.0]).view(1, 4, 1)  # two texts of two tokens
causal = torch.full((4, 4), -torch.inf).triu(1)
own = torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)).log()
report(attend(q, q, v, causal), attend(q, q, v, causal + own))
