import torch.distributed.checkpoint as checkpoint
from common import *

FOLDER = tempfile.mkdtemp()
experts = arange(4, 1)
right = experts


def program(rank, axis):
    own = of_part(experts, 0, rank, axis)
    resumed = {"experts": of_part(torch.zeros(4, 1), 0, rank, axis)}
    with no_typecheck():  # Tensors within the library have no types.
        checkpoint.save({"experts": own}, checkpoint_id=FOLDER)
        checkpoint.load(resumed, checkpoint_id=FOLDER)
    return spmd.all_gather(resumed["experts"], axis, src=S(0), dst=R), right


in_ranks(program)
