"""The programs, each run by itself: on so many cores, with so many threads."""

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Each peer: its program, and the packages whose versions it stands for.
PEERS = {
    "congruent": (["rust", "congruent"], ["congruent"]),
    "blis": (["python", "blas_peer.py", "blis"], ["blis"]),
    "burn": (["rust", "burn"], ["burn"]),
    "candle": (["rust", "candle"], ["candle-core", "candle-transformers"]),
    "dfdx": (["rust", "dfdx"], ["dfdx"]),
    "faer": (["rust", "faer"], ["faer"]),
    "gemm": (["rust", "gemm"], ["gemm"]),
    "jax": (["python", "jax_peer.py"], ["jax"]),
    "matrixmultiply": (["rust", "matrixmultiply"], ["matrixmultiply"]),
    "mkl": (["python", "blas_peer.py", "mkl"], ["mkl"]),
    "ndarray": (["rust", "ndarray"], ["ndarray"]),
    "numpy": (["python", "numpy_peer.py"], ["numpy"]),
    "onednn": (["python", "blas_peer.py", "onednn"], ["onednn-cpu-gomp"]),
    "onnxruntime": (["python", "onnxruntime_peer.py"], ["onnxruntime"]),
    "openblas": (["python", "blas_peer.py", "openblas"], ["scipy-openblas32"]),
    "openvino": (["python", "openvino_peer.py"], ["openvino"]),
    "rten": (["rust", "rten"], ["rten-gemm"]),
    "torch": (["python", "torch_peer.py"], ["torch", "transformers"]),
    "torch-compile": (["python", "torch_peer.py", "compile"], ["torch", "transformers"]),
}
# What the libraries take the number of threads from.
THREAD_VARIABLES = ["CONGRUENT", "RAYON", "OMP", "MKL", "OPENBLAS", "MATMUL", "RTEN"]
# Seconds, after which a program has lost its turn.
PATIENCE = 600


def prepare(program, threads, work, folder=HERE):
    """The command and the environment of a program of the peers in `folder`, on as many cores as it has threads."""
    kind, name, *arguments = program
    started = {"rust": [work / "target/release" / name], "python": [work / "venv/bin/python", folder / "python" / name]}
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[-threads:]))
    counts = {f"{library}_NUM_THREADS": str(threads) for library in THREAD_VARIABLES}
    command = ["taskset", "-c", cores, *started[kind], *arguments]
    return command, os.environ | counts | {"PEERS_THREADS": str(threads)}


def run(program, lines, threads, work, **variables):
    """What a program prints of the cases, as lists of words, and what went wrong."""
    command, environment = prepare(program, threads, work)
    files = {
        "PEERS_TOKENS": str(work / "tokens.txt"),
        "PEERS_MODEL": (work / "model.txt").read_text() if (work / "model.txt").exists() else "",
        "PEERS_CACHE": str(work),
        "TORCHINDUCTOR_CACHE_DIR": str(work / "inductor"),
        "HF_HUB_OFFLINE": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    everything = environment | files | variables
    try:
        done = subprocess.run(
            command, input="\n".join(lines), env=everything, capture_output=True, text=True, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return [], "took too long"
    said = [line for line in done.stderr.splitlines() if line.strip()]
    if done.returncode != 0:
        return rows(done.stdout), said[-1] if said else f"ended with {done.returncode}"
    lost = [line for line in said if any(line.startswith(case.split()[0]) for case in lines)]
    return rows(done.stdout), "; ".join(lost)


def rows(text):
    return [line.split("\t") for line in text.splitlines() if "\t" in line]
