from common import *

scores, bias = torch.zeros(3, 3), arange(3)  # (queries, keys), and one number for each query
report(scores + bias, scores + bias[:, None])
