#!/usr/bin/env python3
"""Expected values of a small DiT with random weights, and of steps that take noise away, by diffusers in float64, stored as float32.

usage: make_dit.py SEED FOLDER     (needs: torch, diffusers, safetensors)

Writes dit.safetensors and dit.json: the `config.json`, as the library writes it. The weights have their published names.
`expected.images (2, 4, 6, 6)`, `expected.steps (2,)`, `expected.classes (2,)` and `expected.noise (2, 8, 6, 6)`, what the model finds;
in `expected.gradient.NAME` the gradients of the mean of its squares. Of the schedule of 1000 steps from 0.0001 to 0.02, 5 of which are
taken: `expected.kept (5, 2, 4, 6, 6)`, what `DDIMScheduler` makes of the images by half the first four channels of the noise, one step
after another; in `expected.new` the same with new noise, `eta` of 1, which is `expected.fresh`; `expected.noised`, the images with
noise at step 500; in `expected.scaled`, one step by a schedule of square roots from 0.00085 to 0.012.
"""
import json
import pathlib
import sys

import diffusers
import torch
from diffusers import DDIMScheduler, DiTTransformer2DModel
from safetensors.torch import save_file

seed, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
GRADIENTS = [
    "pos_embed.proj.weight",
    "transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.weight",
    "transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight",
    "transformer_blocks.1.norm1.linear.bias",
    "transformer_blocks.1.attn1.to_k.weight",
]
torch.manual_seed(seed)
model = DiTTransformer2DModel(
    num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=2, sample_size=6, patch_size=2,
    num_embeds_ada_norm=5, norm_eps=1e-5,
).double().eval()
for parameter in model.parameters():
    torch.nn.init.normal_(parameter, std=0.3)
    # What is stored is what was calculated with.
    parameter.data = parameter.data.float().double()
images, steps, classes = torch.randn(2, 4, 6, 6).float().double(), torch.tensor([0, 17]), torch.tensor([3, 5])
noise = model(images, timestep=steps, class_labels=classes).sample
parameters = dict(model.named_parameters())
gradients = torch.autograd.grad((noise**2).mean(), [parameters[path] for path in GRADIENTS])


def scheduler(**settings):
    scheduler = DDIMScheduler(num_train_timesteps=1000, clip_sample=False, **settings)
    # As the rest, of double precision.
    scheduler.alphas_cumprod = torch.cumprod(1 - scheduler.betas.double(), 0)
    scheduler.set_timesteps(5)
    return scheduler


def taken(scheduler, **settings):
    x, found = images, []
    for step in scheduler.timesteps:
        x = scheduler.step(part, step, x, **settings).prev_sample
        found.append(x)
    return torch.stack(found)


part, fresh = noise[:, :4].detach() / 2, torch.randn(2, 4, 6, 6).float().double()
linear = scheduler()
root = scheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)
values = dict(images=images, steps=steps.int(), classes=classes.int(), noise=noise, fresh=fresh)
values |= dict(kept=taken(linear), new=taken(linear, eta=1.0, variance_noise=fresh))
values |= dict(noised=linear.alphas_cumprod[500] ** 0.5 * images + (1 - linear.alphas_cumprod[500]) ** 0.5 * fresh)
values |= dict(scaled=root.step(part, 800, images).prev_sample)
assert torch.allclose(values["noised"].float(), scheduler().add_noise(images, fresh, torch.tensor([500, 500])).float(), atol=1e-5)
values |= {f"gradient.{path}": x for path, x in zip(GRADIENTS, gradients)}
tensors = parameters | {f"expected.{path}": x for path, x in values.items()}
tensors = {path: x.detach().float() if x.is_floating_point() else x for path, x in tensors.items()}
metadata = {"diffusers": diffusers.__version__, "seed": str(seed)}
save_file({path: x.contiguous() for path, x in tensors.items()}, folder / "dit.safetensors", metadata=metadata)
(folder / "dit.json").write_text(json.dumps({"dit": json.loads(model.to_json_string())}, indent=1) + "\n")
print({path: (tuple(x.shape), float(x.abs().max())) for path, x in tensors.items() if "expected" in path}, sorted(parameters))
