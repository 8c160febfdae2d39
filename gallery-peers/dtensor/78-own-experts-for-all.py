import torch.distributed.checkpoint as checkpoint
from common import *

FOLDER = tempfile.mkdtemp()
experts = arange(4, 1)
right = experts


def program(mesh):
    own = distribute_tensor(experts, mesh, [Shard(0)])
    checkpoint.save({"experts": own}, checkpoint_id=FOLDER)
    resumed = {"experts": distribute_tensor(torch.zeros_like(experts), mesh, [Shard(0)])}
    checkpoint.load(resumed, checkpoint_id=FOLDER)
    return whole(resumed["experts"]), right


in_ranks(program)
