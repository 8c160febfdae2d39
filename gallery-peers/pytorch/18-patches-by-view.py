from common import *

image = arange(4, 4)  # (height, width), to be 4 patches of 2 by 2
right = image.view(2, 2, 2, 2).permute(0, 2, 1, 3).reshape(4, 4)
report(image.view(4, 4), right)
