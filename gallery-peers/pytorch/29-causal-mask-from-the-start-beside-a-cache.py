from common import *

q, k = wave(1, 1, 1, 2), wave(1, 1, 4, 2)  # 1 new query, 3 past keys and its own
report(torch.nn.functional.scaled_dot_product_attention(q, k, k, is_causal=True), attend(q, k, k))
