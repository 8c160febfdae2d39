from common import *

states = torch.tensor([[6.0, 0.0, 0.0], [3.0, 3.0, 3.0]])[..., None]  # of texts of 1 and of 3 tokens
lengths = torch.tensor([1, 3])[:, None]
ordered = lengths.sort(0, descending=True).values  # for a recurrent layer; its states are in the given order again
report(states.sum(1) / ordered, states.sum(1) / lengths)
