#!/usr/bin/env python3
"""Expected values of convolutions, pooling, interpolation and norms of channels, by PyTorch in float64, stored as float32.
usage: make_convolutions.py SEED OUT.safetensors     (needs: torch, safetensors)
Keys are CASE/NAME, as those of make_layers.py: `in.*` inputs and parameters, `out.y` the result, `grad.*` the gradients of
sum(out.y * cot) with respect to `in.*`. Of the batch norm, `in.running_*` are the statistics before the step, and `after.*` those after it."""
import sys, torch, torch.nn.functional as F
from safetensors.torch import save_file
seed, out = int(sys.argv[1]), sys.argv[2]
torch.manual_seed(seed); torch.set_default_dtype(torch.float64)
T = {}
def put(case, f, **ins):
    ins = {k: v.clone().requires_grad_() for k, v in ins.items()}
    y = f(**ins); cot = torch.randn_like(y); (y * cot).sum().backward()
    for k, v in ins.items():
        T[f"{case}/in.{k}"] = v.detach().float(); T[f"{case}/grad.{k}"] = v.grad.float()
    T[f"{case}/out.y"] = y.detach().float(); T[f"{case}/cot"] = cot.float()
r = torch.randn
put("conv1d", lambda x, weight, bias: F.conv1d(x, weight, bias, stride=2, padding=1, dilation=2), x=r(2, 3, 11), weight=r(5, 3, 3), bias=r(5))
put("conv2d", lambda x, weight, bias: F.conv2d(x, weight, bias, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2), x=r(2, 4, 7, 6), weight=r(6, 2, 3, 2), bias=r(6))
put("depthwise", lambda x, weight, bias: F.conv1d(x, weight, bias, padding=3, groups=5), x=r(2, 5, 8), weight=r(5, 1, 4), bias=r(5))
put("stride_beyond_kernel", lambda x, weight: F.conv2d(x, weight, stride=3), x=r(2, 3, 8, 7), weight=r(4, 3, 2, 1))
put("transposed1d", lambda x, weight, bias: F.conv_transpose1d(x, weight, bias, stride=3, padding=1, output_padding=2), x=r(2, 4, 5), weight=r(4, 3, 4), bias=r(3))
put("transposed2d", lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2), x=r(2, 4, 4, 3), weight=r(4, 3, 3, 2), bias=r(6))
put("max_pool", lambda x: F.max_pool2d(x, (3, 2), stride=2, padding=1, dilation=(1, 2)), x=r(2, 3, 7, 6))
put("avg_pool", lambda x: F.avg_pool1d(x, 3, stride=2, padding=1), x=r(2, 3, 9))
put("adaptive", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), x=r(2, 3, 7, 5))
put("nearest", lambda x: F.interpolate(x, (4, 9), mode="nearest"), x=r(2, 3, 7, 5))
for name, corners in [("bilinear", False), ("bilinear_corners", True)]:
    put(name, lambda x: F.interpolate(x, (4, 9), mode="bilinear", align_corners=corners), x=r(2, 3, 7, 5))
put("group_norm", lambda x, weight, bias: F.group_norm(x, 3, weight, bias, 1e-5), x=r(2, 6, 4, 5), weight=r(6), bias=r(6))
mean, var = r(6), r(6).square() + 0.5
put("batch_norm", lambda x, weight, bias: F.batch_norm(x, mean, var, weight, bias, eps=1e-5), x=r(3, 6, 4, 5), weight=r(6), bias=r(6))
T["batch_norm/in.running_mean"], T["batch_norm/in.running_var"] = mean.float(), var.float()
after = [mean.clone(), var.clone()]
put("batch_norm_training", lambda x, weight, bias: F.batch_norm(x, *after, weight, bias, training=True, momentum=0.1, eps=1e-5), x=r(3, 6, 4, 5), weight=r(6), bias=r(6))
T["batch_norm_training/in.running_mean"], T["batch_norm_training/in.running_var"] = mean.float(), var.float()
T["batch_norm_training/after.mean"], T["batch_norm_training/after.var"] = [x.float() for x in after]
save_file({k: v.contiguous() for k, v in T.items()}, out)
