from common import *

scores, table = arange(2, 3), wave(8, 2)  # (beams, vocab), a table padded to 8 rows
best = scores.flatten().argmax()  # 5: beam 1, token 2
report(table[best], table[best % 3])
