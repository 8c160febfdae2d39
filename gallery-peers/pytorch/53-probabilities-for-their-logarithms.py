from common import *

logits = torch.tensor([[1.0, 2.0, 3.0]])  # of a student that says what its teacher says
student = teacher = logits.softmax(1)
kl_div = torch.nn.functional.kl_div
report(kl_div(student, teacher, reduction="batchmean"), kl_div(student.log(), teacher, reduction="batchmean"))
