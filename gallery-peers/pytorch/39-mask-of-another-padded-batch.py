from common import *

answers = wave(2, 3, 2)
questions_are, answers_are = [3, 1], [2, 3]  # lengths of two batches, both padded to 3
bias = lambda lengths: torch.stack([torch.where(torch.arange(3) < n, 0.0, -torch.inf) for n in lengths])[:, None]
report(attend(answers, answers, answers, bias(questions_are)), attend(answers, answers, answers, bias(answers_are)))
