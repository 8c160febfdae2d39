from common import *

scores, v = wave(3, 3), wave(3, 2)  # (queries, keys)
report(scores.softmax(0) @ v, scores.softmax(1) @ v)
