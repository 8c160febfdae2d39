"""What the peers need: packages, programs, the model; and what they are."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def set_up(programs, work):
    """Installs, builds and prepares all in the work folder. Returns what went wrong, by program."""
    work.mkdir(parents=True, exist_ok=True)
    problems = {}
    if any(kind == "python" for kind, *_ in programs):
        install(work, problems)
    for name in [name for kind, name in (program[:2] for program in programs) if kind == "rust"]:
        if error := build(name, work):
            problems[name] = error
    if "congruent" not in problems and (error := prepare(work)):
        problems["minilm"] = error
    return problems


def build(name, work, *features, folder=HERE):
    """Builds a program of the crate in `folder` into the work folder. Returns what went wrong."""
    print(f"building {name}", flush=True)
    target, more = work / "target", ",".join([name, *features])
    command = ["cargo", "build", "--quiet", "--release", "--features", more, "--bin", name, "--target-dir", target]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
        return f"not built: {errors[0] if errors else done.stderr[-200:]}"
    return ""


def build_own(work):
    """congruent as it is, and as `congruent-memory`, which counts allocations."""
    work.mkdir(parents=True, exist_ok=True)
    programs = work / "target/release"
    if error := build("congruent", work, "memory"):
        raise SystemExit(error)
    shutil.copy(programs / "congruent", programs / "congruent-memory")
    if error := build("congruent", work):
        raise SystemExit(error)


def install(work, problems, folder=HERE):
    """Installs the packages that `folder` names into the work folder. What went wrong is added to `problems`."""
    python = work / "venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    print("installing the packages of requirements.txt", flush=True)
    if subprocess.run([*pip, "-r", folder / "requirements.txt"]).returncode == 0:
        return
    # One that is not to be had does not stop the others.
    for package in (folder / "requirements.txt").read_text().splitlines():
        if subprocess.run([*pip, *package.split()]).returncode != 0:
            problems[package] = "not installed"


def prepare(work):
    """The model, and the token ids of the sentences. Returns what went wrong."""
    done = subprocess.run([work / "target/release/congruent", "prepare", work], stderr=subprocess.PIPE, text=True)
    return "" if done.returncode == 0 else f"no model: {done.stderr.strip()[-200:]}"


def field(name):
    """What the system says of the first core."""
    return re.search(rf"^{name}\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[1].strip()


def processor():
    """A name for results: which processor it is, as its makers number them."""
    vendor = {"AuthenticAMD": "amd", "GenuineIntel": "intel"}.get(field("vendor_id"), field("vendor_id").lower())
    return f"{vendor}-family-{field('cpu family')}-model-{field('model')}"


def machine():
    """The processor and the memory, in words."""
    vectors = [name for name in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if name in field("flags").split()]
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    family = f"family {field('cpu family')} model {field('model')}"
    return f"{field('model name')} ({family}, {', '.join(vectors)}), {os.cpu_count()} cores, {memory:.0f} GiB"


def versions(packages, work, folder=HERE):
    """The versions of the packages that each peer stands for; crates are those that `folder` locks."""
    lock = (folder / "Cargo.lock").read_text()
    crates = {}
    for name, version in re.findall(r'name = "(.*)"\nversion = "(.*)"', lock):
        crates[name] = max(version, crates.get(name, ""))
    wheels = {}
    if (work / "venv").exists():
        command = [work / "venv/bin/python", "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True)
        wheels = {package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(listed.stdout)}
    known = wheels | crates
    return {peer: ", ".join(f"{name} {known.get(name, '?')}" for name in names) for peer, names in packages.items()}


def commit():
    """What of congruent is measured."""
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip() or "?"
