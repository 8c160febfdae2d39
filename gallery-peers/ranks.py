"""Two processes on gloo for a program of the chapter on shards, and how it ends.

A program is a function of the rank. It gives what this rank has and what is right, and is wrong if it is on one of them. An
error of a rank ends the program, as it ends the job of a user.
"""

import datetime
import os
import sys
import tempfile

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

RANKS = 2
PATIENCE = 120  # seconds


def in_ranks(program):
    """Runs a program, and prints what came of it: `right` or `wrong: ..`."""
    torch.set_num_threads(1)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        said = context.SimpleQueue()
        arguments = (program, os.path.join(folder, "meeting"), said)
        processes = [context.Process(target=one_rank, args=(rank, *arguments)) for rank in range(RANKS)]
        for process in processes:
            process.start()
        verdicts = {}
        for _ in processes:
            rank, is_error, verdict = said.get()
            if is_error:
                # The other one may wait for this one.
                for process in processes:
                    process.kill()
                sys.exit(verdict)
            verdicts[rank] = verdict
        for process in processes:
            process.join()
    print(next((verdicts[rank] for rank in range(RANKS) if verdicts[rank] != "right"), "right"))


def one_rank(rank, program, meeting, said):
    try:
        timeout = datetime.timedelta(seconds=PATIENCE)
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=RANKS, timeout=timeout)
        got, right = program(rank)
        said.put((rank, False, verdict(got, right)))
        dist.barrier()
        dist.destroy_process_group()
    except Exception as error:
        said.put((rank, True, f"{type(error).__name__}: {error}"))


def verdict(got, right):
    got, right = torch.as_tensor(got).detach(), torch.as_tensor(right).detach()
    if got.shape == right.shape and torch.allclose(got.double(), right.double(), atol=1e-5):
        return "right"
    return f"wrong: {short(got)} for {short(right)}"


def short(x):
    values = ", ".join(f"{v:g}" for v in x.flatten()[:8].tolist())
    return f"{tuple(x.shape)} [{values}{', ..' if x.numel() > 8 else ''}]"


def part(x, dim, rank):
    """The part of a rank."""
    return x.chunk(RANKS, dim)[rank].contiguous()


def arange(*shape):
    """0, 1, 2, .. in this shape."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)


def wave(*shape):
    """Numbers without a pattern: sin(1), sin(2), .."""
    return torch.sin(1 + arange(*shape))
