from common import *

# It adds up its inputs.
layer = torch.nn.RNN(1, 1, nonlinearity="relu", bias=False, bidirectional=True, batch_first=True)
for weight in layer.parameters():
    torch.nn.init.ones_(weight)
states, last = layer(torch.tensor([[[1.0], [2.0], [3.0]]]))
report(states[:, -1], last.permute(1, 0, 2).flatten(1))
