from common import *

q, k = wave(1, 2, 5, 4), wave(1, 2, 5, 4)
q @ k
