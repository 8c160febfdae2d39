from common import *

sound, convolve = wave(1, 2, 4), torch.nn.Conv1d(2, 1, 3)  # (batch, channels, time)
convolve(sound.mT)
