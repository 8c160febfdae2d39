from common import *

x, heads = wave(1, 2, 6), 4
x.view(1, 2, heads, 6 // heads)
