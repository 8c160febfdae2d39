from common import *

x = wave(1, 4, 4)  # (batch, channels, positions): the norm is for channels
norm = torch.nn.LayerNorm(4)
report(norm(x).detach(), norm(x.mT).mT.detach())
