from common import *

doubled = torch.cat([arange(4, 1), 100 + arange(4, 1)])  # 4 samples without a condition, and with it
sample = 1
report(doubled[2 * sample : 2 * sample + 2], doubled[[sample, sample + 4]])
