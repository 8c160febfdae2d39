from common import *

x = wave(1, 1, 3, 2)
padding = torch.tensor([False, False, True])  # key_padding_mask: True is padding
sdpa = torch.nn.functional.scaled_dot_product_attention  # attn_mask: True is attended to
report(sdpa(x, x, x, attn_mask=padding[None]), sdpa(x, x, x, attn_mask=~padding[None]))
