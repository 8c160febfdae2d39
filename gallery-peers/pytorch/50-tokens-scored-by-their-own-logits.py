from common import *

prompt = torch.tensor([[0, 1, 2, 3]])
logits = 9 * torch.eye(4).roll(1, 1)[None]  # of a model that is all but certain of what follows
scores = logits.log_softmax(-1)
report(scores.gather(-1, prompt[..., None]), scores[:, :-1].gather(-1, prompt[:, 1:, None]))
