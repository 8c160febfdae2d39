"""The chapters of the gallery, and in which systems the bugs of each were tried."""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
GALLERY = ROOT / "ui-tests" / "gallery"
# By chapter, each system's folder and its name.
CHAPTERS = {
    "shapes": {
        "pytorch": "PyTorch",
        "candle": "candle",
        "burn": "burn",
        "ndarray": "ndarray",
        "dfdx": "dfdx",
        "incin": "incin",
    },
    "shards": {
        "torch_distributed": "torch.distributed",
        "dtensor": "DTensor",
        "spmd_types": "spmd_types",
    },
}
SYSTEMS = [system for systems in CHAPTERS.values() for system in systems]


def bugs(chapter):
    """The folders of a chapter's bugs. A bug of shards is one whose program, mended, has a mesh."""
    folders = sorted(folder for folder in GALLERY.iterdir() if folder.is_dir())
    return [folder for folder in folders if ("congruent::mesh" in (folder / "fixed.rs").read_text()) == (chapter == "shards")]


def bugs_of(system):
    """The names of the bugs that a system was tried with."""
    return next([bug.name for bug in bugs(chapter)] for chapter, systems in CHAPTERS.items() if system in systems)
