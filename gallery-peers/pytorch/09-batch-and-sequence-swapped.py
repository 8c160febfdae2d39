from common import *

layer = torch.nn.MultiheadAttention(2, 1, bias=False)  # batch_first=False
with torch.no_grad():
    layer.in_proj_weight.copy_(torch.eye(2).repeat(3, 1))
    layer.out_proj.weight.copy_(torch.eye(2))
x = wave(3, 3, 2)  # (batch, sequence, embed), 3 of each
report(layer(x, x, x)[0].detach(), attend(x, x, x))
