"""How a program of the gallery ends: a wrong number is reported, an exception is left to the interpreter."""

import torch


def report(got, right):
    """Prints whether a result that PyTorch gave without a word is the right one."""
    got, right = torch.as_tensor(got), torch.as_tensor(right)
    if got.shape == right.shape and torch.allclose(got.double(), right.double(), atol=1e-5):
        print("right")
    else:
        print(f"wrong: {short(got)} for {short(right)}")


def short(x):
    values = ", ".join(f"{v:g}" for v in x.flatten()[:8].tolist())
    return f"{tuple(x.shape)} [{values}{', ..' if x.numel() > 8 else ''}]"


def arange(*shape):
    """0, 1, 2, .. in this shape."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)


def wave(*shape):
    """Numbers without a pattern, the same in every system: sin(1), sin(2), .."""
    return torch.sin(1 + arange(*shape))


def attend(q, k, v, bias=0.0):
    """softmax(q kT / sqrt(d) + bias) v"""
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5 + bias, -1) @ v
