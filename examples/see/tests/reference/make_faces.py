#!/usr/bin/env python3
"""What the package facenet-pytorch makes of a picture, and its networks of random numbers.

usage: make_faces.py ASTRONAUT.png FOLDER     (needs: facenet-pytorch 2.6.0, torch, torchvision, pillow, safetensors)

`astronaut.png` is a photograph of Eileen Collins by NASA, in the public domain: the package scikit-image has it in `skimage/data`.
`faces.png` is a part of it, smaller, and beside it the same mirrored, smaller again.

`faces.json`: what `detect_face` finds there, in float32, with the settings of the class `MTCNN`: of each face the box (left, top, right,
bottom), its probability, and the five landmarks, x and y. Also what it finds of the left half alone, with other settings.

`networks.safetensors`: the input of each network, `NAME.input`, and what it makes of them: `NAME.probabilities`, `NAME.boxes`, and
`onet.landmarks`. Of the first there are two, as a length may be odd: `pnet` and `pnet_odd`.
"""
import json
import pathlib
import sys

import numpy
import torch
from facenet_pytorch import MTCNN
from facenet_pytorch.models.utils.detect_face import detect_face
from PIL import Image
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[2])
whole = Image.open(sys.argv[1]).convert("RGB").crop((64, 0, 384, 320))
picture = Image.new("RGB", (256, 160))
picture.paste(whole.resize((160, 160), Image.LANCZOS), (0, 0))
picture.paste(whole.resize((96, 96), Image.LANCZOS).transpose(Image.FLIP_LEFT_RIGHT), (160, 32))
picture.save(folder / "faces.png", optimize=True)
mtcnn = MTCNN()


def found(picture, smallest, thresholds, factor):
    with torch.no_grad():
        [boxes], [landmarks] = detect_face(
            numpy.array(picture), smallest, mtcnn.pnet, mtcnn.rnet, mtcnn.onet, thresholds, factor, "cpu"
        )
    return [
        dict(box=box[:4].tolist(), probability=float(box[4]), landmarks=points.tolist())
        for box, points in zip(boxes, landmarks)
    ]


faces = dict(
    default=found(picture, 20, [0.6, 0.7, 0.7], 0.709),
    left=found(picture.crop((0, 0, 160, 157)), 10, [0.5, 0.3, 0.2], 0.8),
)
(folder / "faces.json").write_text(json.dumps(faces) + "\n")
print(json.dumps(faces, indent=1))

torch.manual_seed(1)
tensors = {}
with torch.no_grad():
    for name, shape in [
        ("pnet", (2, 3, 16, 22)),
        ("pnet_odd", (1, 3, 17, 15)),
        ("rnet", (3, 3, 24, 24)),
        ("onet", (2, 3, 48, 48)),
    ]:
        # So large as the numbers of a picture are.
        tensors[f"{name}.input"] = x = torch.rand(shape) * 2 - 1
        boxes, *landmarks, probabilities = getattr(mtcnn, name.removesuffix("_odd"))(x)
        tensors |= {f"{name}.boxes": boxes, f"{name}.probabilities": probabilities}
        tensors |= {f"{name}.landmarks": points for points in landmarks}
save_file({name: x.contiguous() for name, x in tensors.items()}, folder / "networks.safetensors")
