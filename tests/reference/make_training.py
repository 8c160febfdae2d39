# Optimizers, losses and layers, by PyTorch and transformers in double precision, stored in single: python make_training.py SEED OUT
# NAME/in.X what goes in, NAME/out.y what comes out, NAME/grad.X the gradient of sum(y * cot) with respect to X.
# Optimizers: STEPS steps down sum((w*a - b)^2) from in.w, to out.w. Lion is in no PyTorch, and is written here by its paper.
import sys, torch
import torch.nn.functional as F
from safetensors.torch import save_file

seed, out = int(sys.argv[1]), sys.argv[2]
torch.manual_seed(seed)
torch.set_default_dtype(torch.float64)
T = {}
r = lambda *s: torch.randn(*s)

# PyTorch's Muon iterates in bfloat16, of which no digits would be left to compare: here it does in double precision.
def in_double(f):
    true = torch.Tensor.to
    def to(x, *given, **named):
        if named.get("dtype") == torch.bfloat16: named["dtype"] = torch.float64
        return true(x, *given, **named)
    torch.Tensor.to = to
    try: return f()
    finally: torch.Tensor.to = true

class Lion(torch.optim.Optimizer):
    def __init__(s, p, lr, betas, wd): super().__init__(p, dict(lr=lr, betas=betas, wd=wd))
    @torch.no_grad()
    def step(s):
        for g in s.param_groups:
            (b1, b2), lr, wd = g["betas"], g["lr"], g["wd"]
            for p in g["params"]:
                m = s.state[p].setdefault("m", torch.zeros_like(p))
                c = b1 * m + (1 - b1) * p.grad
                p.sub_(lr * (torch.sign(c) + wd * p))
                s.state[p]["m"] = b2 * m + (1 - b2) * p.grad

STEPS = 8
eps = (torch.finfo(torch.float32).eps, 1e-3)
adafactor = lambda **kw: lambda p: torch.optim.Adafactor(p, lr=0.05, eps=eps, **kw)
muon = lambda **kw: lambda p: torch.optim.Muon(p, lr=0.02, **kw)
for name, shape, mk in [
    ("adafactor_matrix", (4, 3), adafactor()), ("adafactor_decay", (4, 3), adafactor(weight_decay=0.1, beta2_decay=-0.5, d=1.5)),
    ("adafactor_vector", (5,), adafactor()), ("adafactor_stack", (2, 4, 3), adafactor()), ("adafactor_row", (1, 3), adafactor()),
    ("lion", (4, 3), lambda p: Lion(p, 0.01, (0.9, 0.99), 0.1)),
    ("muon_wide", (3, 5), muon()), ("muon_tall", (5, 3), muon(nesterov=False, weight_decay=0.0)),
    ("muon_as_adamw", (5, 3), muon(adjust_lr_fn="match_rms_adamw")), ("muon_one", (1, 1), muon()),
]:
    w, a, b = r(*shape), r(*shape), r(*shape)
    for k, v in (("w", w), ("a", a), ("b", b)): T[f"{name}/in.{k}"] = v.float()
    p = w.float().double().requires_grad_(); o = mk([p]); a, b = a.float().double(), b.float().double()
    def steps():
        for _ in range(STEPS): o.zero_grad(); ((p * a - b) ** 2).sum().backward(); o.step()
    in_double(steps)
    T[f"{name}/out.w"] = p.detach().float()

# CTC of a padded batch: a repeated label, no label, no frame, more labels than frames (infinite, and no gradient).
def ctc(name, targets, frames, V, blank):
    N, n = len(targets), max(frames)
    x = r(N, n, V).float().double().requires_grad_()
    widest = max(map(len, targets))
    padded = torch.tensor([t + [blank] * (widest - len(t)) for t in targets])
    lengths = torch.tensor([len(t) for t in targets])
    y = F.ctc_loss(F.log_softmax(x, -1).transpose(0, 1), padded, torch.tensor(frames), lengths, blank=blank, reduction="none", zero_infinity=False)
    cot = r(N).float().double(); possible = torch.isfinite(y)
    (y * cot)[possible].sum().backward()
    # PyTorch's gradient of an infinite loss is not a number.
    grad = torch.where(possible[:, None, None], torch.nan_to_num(x.grad), torch.zeros(()))
    T[f"{name}/in.x"], T[f"{name}/in.cot"], T[f"{name}/grad.x"], T[f"{name}/out.y"] = x.detach().float(), cot.float(), grad.float(), y.detach().float()
    T[f"{name}/targets"], T[f"{name}/lengths"], T[f"{name}/target_lengths"] = padded.int(), torch.tensor(frames).int(), lengths.int()
ctc("ctc", [[1, 2, 2, 3], [4], [], [2, 2, 2]], [7, 5, 3, 4], 5, 0)
ctc("ctc_blank_last", [[0, 1, 0], [2, 2]], [6, 3], 4, 3)
ctc("ctc_one_frame", [[1], []], [1, 1], 2, 0)
for name, shape in [("triplet", (4, 3)), ("triplet_one", (1, 1))]:
    xs = [r(*shape).float().double().requires_grad_() for _ in range(3)]; cot = r(shape[0]).float().double()
    y = F.triplet_margin_loss(*xs, margin=1.0, reduction="none"); (y * cot).sum().backward()
    for k, v in zip(("anchor", "positive", "negative"), xs): T[f"{name}/in.{k}"], T[f"{name}/grad.{k}"] = v.detach().float(), v.grad.float()
    T[f"{name}/in.cot"], T[f"{name}/out.y"] = cot.float(), y.detach().float()

# Layers of transformers.
from transformers import MixtralConfig
from transformers.models.gemma2.modeling_gemma2 import Gemma2RMSNorm
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock, load_balancing_loss_func
from transformers.models.whisper.modeling_whisper import sinusoids

def case(name, ins, f, **more):
    ins = {k: v.float().double().requires_grad_() for k, v in ins.items()}
    y = f(**ins); cot = torch.randn_like(y).float().double()
    (y * cot).sum().backward()
    for k, v in ins.items(): T[f"{name}/in.{k}"], T[f"{name}/grad.{k}"] = v.detach().float(), v.grad.float()
    T[f"{name}/cot"], T[f"{name}/out.y"] = cot.float(), y.detach().float()

def offset_norm(x, weight):
    norm = Gemma2RMSNorm(5, eps=1e-6)
    return torch.func.functional_call(norm, {"weight": weight}, (x,))
case("offset_norm", dict(x=r(2, 3, 5), weight=r(5)), offset_norm)

# DiT: facebookresearch/DiT, `FinalLayer` without its linear layer.
def adaptive(x, condition, weight, bias):
    shift, scale = F.linear(F.silu(condition), weight, bias).chunk(2, dim=1)
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)
case("adaptive_norm", dict(x=r(2, 3, 5), condition=r(2, 4), weight=r(10, 4), bias=r(10)), adaptive)
T["sinusoids/out.y"] = sinusoids(7, 8).float()

# A padded batch: what stands in the padding has no part in the loss, and none in the balance.
def mixture(name, N, S, lengths, E=6, width=5, X=4, k=2):
    config = MixtralConfig(hidden_size=E, intermediate_size=width, num_local_experts=X, num_experts_per_tok=k)
    block = MixtralSparseMoeBlock(config).double()
    ins = dict(x=r(N, S, E), router=r(X, E), gate_up=r(X, 2 * width, E), down=r(X, E, width))
    ins = {n: v.float().double().requires_grad_() for n, v in ins.items()}
    weights = {"gate.weight": ins["router"], "experts.gate_up_proj": ins["gate_up"], "experts.down_proj": ins["down"]}
    y = torch.func.functional_call(block, weights, (ins["x"],))
    valid = torch.arange(S)[None] < torch.tensor(lengths)[:, None]
    logits = F.linear(ins["x"].reshape(-1, E), ins["router"])
    balance = load_balancing_loss_func((logits,), X, k, valid.float())
    cot = torch.randn_like(y).float().double() * valid[..., None]
    ((y * cot).sum() + 0.5 * balance).backward()
    for n, v in ins.items(): T[f"{name}/in.{n}"], T[f"{name}/grad.{n}"] = v.detach().float(), v.grad.float()
    T[f"{name}/cot"], T[f"{name}/out.y"], T[f"{name}/out.balance"] = cot.float(), (y * valid[..., None]).detach().float(), balance.detach().float()
    T[f"{name}/lengths"] = torch.tensor(lengths).int()
mixture("mixture", 2, 5, [5, 5]); mixture("mixture_padded", 3, 4, [4, 0, 2]); mixture("mixture_one", 1, 1, [1])

save_file({k: v.contiguous() for k, v in T.items()}, out, metadata={"torch": torch.__version__, "seed": str(seed)})
print(len(T), "tensors", sorted({k.split("/")[0] for k in T}))
