from common import *

q, k = wave(1, 4, 2, 2), wave(1, 2, 3, 2)  # 4 query heads share 2 key heads: 0 0 1 1
right = k.repeat_interleave(2, 1)
wrong = k.repeat(1, 2, 1, 1)
report(attend(q, wrong, wrong), attend(q, right, right))
