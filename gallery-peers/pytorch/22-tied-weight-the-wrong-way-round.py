from common import *

hidden, table = wave(2, 2), wave(3, 2)  # (batch, embed), (vocab, embed)
hidden @ table
