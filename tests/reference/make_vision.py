#!/usr/bin/env python3
"""Expected values of small models of images with random weights, by the transformers library in float64, stored as float32.

usage: make_vision.py SEED FOLDER [LENGTH = 7]     (needs: torch, transformers, safetensors)

Writes NAME.safetensors for each of `MODELS`, and vision.json: the `config.json` of each, as the library writes it. The weights have
their published names, which the library gives them when it saves.

`vit`: `expected.images (2, 3, 9, 12)`, `expected.states (2, 13, 24)`, `expected.logits (2, 5)`, and in `expected.gradient.NAME` the
gradients of the mean of the squares of the logits, of some parameters.

`clip`: `expected.ids (3, 7)` and `expected.lengths (3,)`, texts that end with the id 60, behind which is padding; `expected.images
(2, 3, 12, 12)`; `expected.text_features (3, 10)` and `expected.image_features (2, 10)`, which the library gives for texts and images
alone; `expected.logits (2, 3)`; and gradients of the mean of their squares.
"""
import json
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers.core_model_loading import revert_weight_conversion

seed, folder, length = int(sys.argv[1]), pathlib.Path(sys.argv[2]), int((sys.argv[3:] or [7])[0])
layers = dict(num_hidden_layers=2, num_attention_heads=3, hidden_size=24, intermediate_size=40)
MODELS = {
    "vit": transformers.ViTForImageClassification(
        transformers.ViTConfig(**layers, image_size=[9, 12], patch_size=3, num_channels=3, num_labels=5)
    ),
    "clip": transformers.CLIPModel(
        transformers.CLIPConfig(
            text_config=layers
            | dict(hidden_size=16, num_attention_heads=2, vocab_size=61, max_position_embeddings=12, eos_token_id=60),
            vision_config=layers | dict(image_size=12, patch_size=3),
            projection_dim=10,
        )
    ),
}


def filled(model):
    """The model with random weights."""
    torch.manual_seed(seed)
    model.set_attn_implementation("eager")
    model = model.double().eval()
    for path, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=float("norm" in path.lower() and path.endswith("weight")), std=0.3)
        # What is stored is what was calculated with.
        parameter.data = parameter.data.float().double()
    return model


def vit(model):
    images = torch.randn(2, 3, 9, 12).float().double()
    states = model.vit(images).last_hidden_state
    logits = model(images).logits
    return dict(images=images, states=states, logits=logits), (logits**2).mean(), [
        "vit.embeddings.cls_token",
        "vit.embeddings.position_embeddings",
        "vit.embeddings.patch_embeddings.projection.weight",
        "vit.encoder.layer.0.attention.attention.key.weight",
    ]


def clip(model):
    images, lengths = torch.randn(2, 3, 12, 12).float().double(), torch.tensor([length, length - 3, length - 1])
    valid = torch.arange(length) < lengths[:, None]
    ids = torch.where(valid, torch.randint(2, 60, (3, length)), 1)
    ids[torch.arange(3), lengths - 1] = 60
    output = model(input_ids=ids, attention_mask=valid.long(), pixel_values=images)
    values = dict(images=images, ids=ids, lengths=lengths, logits=output.logits_per_image)
    values["text_features"] = model.get_text_features(ids, attention_mask=valid.long()).pooler_output
    values["image_features"] = model.get_image_features(images).pooler_output
    return values, (output.logits_per_image**2).mean(), [
        "logit_scale",
        "text_model.embeddings.token_embedding.weight",
        "text_model.encoder.layers.0.self_attn.q_proj.weight",
        "vision_model.embeddings.class_embedding",
        "vision_model.embeddings.patch_embedding.weight",
        "visual_projection.weight",
    ]


for name, model in MODELS.items():
    model = filled(model)
    values, loss, gradients = globals()[name](model)
    loss.backward()
    # By the published names.
    published = {path: x.detach() for path, x in revert_weight_conversion(model, model.state_dict()).items()}
    slopes = {path: x.grad for path, x in model.named_parameters()}
    slopes = revert_weight_conversion(model, {path: x for path, x in slopes.items() if x is not None})
    tensors = published | {f"expected.{path}": x.detach() for path, x in values.items()}
    tensors |= {f"expected.gradient.{path}": slopes[path] for path in gradients}
    tensors = {path: x.float() if x.is_floating_point() else x.int() for path, x in tensors.items()}
    metadata = {"transformers": transformers.__version__, "seed": str(seed)}
    save_file({path: x.contiguous() for path, x in tensors.items()}, folder / f"{name}.safetensors", metadata=metadata)
    print(name, {path: (tuple(x.shape), float(x.abs().max())) for path, x in tensors.items() if "expected" in path})
configs = {name: json.loads(model.config.to_json_string(use_diff=False)) for name, model in MODELS.items()}
(folder / "vision.json").write_text(json.dumps(configs, indent=1) + "\n")
