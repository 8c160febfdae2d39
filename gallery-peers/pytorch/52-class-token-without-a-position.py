from common import *

patches, token, positions = torch.zeros(1, 3, 2), torch.zeros(1, 1, 2), 1 + arange(16, 2)
report(torch.cat([token, patches + positions[:3]], 1), torch.cat([token, patches], 1) + positions[:4])
