"""Layers into one tree, and what a container wrote into a layer.

A container's upper folder is an overlay's: there a device 0:0 is what was removed, and an attribute
marks a folder whose former content is gone (kernel: `overlayfs.rst`).
"""

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from emulation.compute.process_images.layers import EMPTIED, GONE
from emulation.compute.process_images.trees import copy_ownership, share

OPAQUE = "user.overlay.opaque"
WHITEOUT = (stat.S_IFCHR, 0)


def merge(layer: Path, root: Path, *, hides: bool) -> None:
    """Put a layer onto a tree. `hides`: below the tree lies another one (a known base), of which
    removed files must not be seen.
    """
    for folder, names, files in os.walk(layer):
        target = root / Path(folder).relative_to(layer)
        if EMPTIED in files:
            _empty(target, hides=hides)
        for name in names:
            _merge_folder(Path(folder) / name, target / name)
        for name in files:
            if name.startswith(GONE):
                _merge_removal(target, name, hides=hides)
            else:
                _remove(target / name)
                share(str(Path(folder) / name), str(target / name))


def _merge_folder(source: Path, target: Path) -> None:
    """A folder, or a link to one, which `os.walk` counts among them."""
    if source.is_symlink():
        _remove(target)
        share(str(source), str(target))
        return
    if target.is_symlink() or not target.is_dir():
        _remove(target)
        target.mkdir()
    shutil.copystat(source, target)
    copy_ownership(source.stat(), target)


def _merge_removal(folder: Path, name: str, *, hides: bool) -> None:
    if name == EMPTIED:
        return
    target = folder / name.removeprefix(GONE)
    _remove(target)
    if hides and sys.platform == "linux":
        os.mknod(target, *WHITEOUT)


def _empty(folder: Path, *, hides: bool) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        _remove(path)
    if hides and sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setxattr(folder, OPAQUE, b"y")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def harvest(upper: Path, mounted: Iterable[str]) -> None:
    """Turn what a container wrote into a layer's folder, in place, without what the container's
    mounts (paths in it) left behind.
    """
    for path in mounted:
        _remove_stub(upper, path)
    for folder, names, files in os.walk(upper):
        for name in names:
            _mark_emptied(Path(folder) / name)
        for name in files:
            _mark_gone(Path(folder) / name)


def _mark_gone(path: Path) -> None:
    found = path.lstat()
    if is_whiteout(found):
        path.unlink()
        (path.parent / f"{GONE}{path.name}").touch()
    elif stat.S_ISSOCK(found.st_mode) or stat.S_ISCHR(found.st_mode):
        path.unlink()


def is_whiteout(found: os.stat_result) -> bool:
    """Whether an entry of an overlay's layer says that something is gone."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def _mark_emptied(folder: Path) -> None:
    if folder.is_symlink():
        return
    with contextlib.suppress(OSError):
        if os.getxattr(folder, OPAQUE) == b"y":
            (folder / EMPTIED).touch()
        for name in os.listxattr(folder):
            if name.startswith("user.overlay."):
                os.removexattr(folder, name)


def _remove_stub(upper: Path, path: str) -> None:
    """The empty file or folder that something was mounted on."""
    stub = upper / path.lstrip("/")
    with contextlib.suppress(OSError):
        if stub.is_dir():
            stub.rmdir()
        elif stub.is_file() and stub.stat().st_size == 0:
            stub.unlink()
