"""The code that a model needs where it is served, shipped in its archive beside it.

The archive of a model that names its classes by import (every pickle does) is complete only with
that code, under the same names. `code/inference.py` is the module that the serving container loads.
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("models/container", "pipeline/contracts")
PARENTS = ("models/__init__.py", "pipeline/__init__.py")


def ship_code(model_folder: Path, package: str, entry: str) -> None:
    """Copy the package of the model, what it builds on, and the entry module."""
    code = model_folder / "code"
    for name in (*PACKAGES, package):
        shutil.copytree(
            ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__", "*.md")
        )
    for name in PARENTS:
        shutil.copyfile(ROOT / name, code / name)
    (code / "inference.py").write_text(entry)
