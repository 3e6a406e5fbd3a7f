"""Layers of a function as the one folder that AWS makes of them at /opt."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path


def merge(layers: Sequence[Path], target: Path) -> Path:
    """One folder of all layers, in their order: a later layer's file takes the place of an earlier
    one's. Files are linked, not copied. What is there already is kept: a layer version never
    changes.
    """
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as made:
            merged = Path(made, "opt")
            merged.mkdir()
            for layer in layers:
                _add(layer, merged)
            _put(merged, target)
    return target


def _add(layer: Path, merged: Path) -> None:
    shutil.copytree(
        layer, merged, symlinks=True, dirs_exist_ok=True, copy_function=_link_in_the_place_of
    )


def _link_in_the_place_of(source: str, target: str) -> str:
    Path(target).unlink(missing_ok=True)
    os.link(source, target, follow_symlinks=False)
    return target


def _put(merged: Path, target: Path) -> None:
    """Another function with the same layers may have been faster."""
    try:
        merged.rename(target)
    except OSError:
        if not target.exists():
            raise
