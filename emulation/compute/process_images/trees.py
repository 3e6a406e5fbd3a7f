"""Trees of files that share their files with others: unpacked images differ in little.

A shared file is only ever read; whoever may write gets copies or an overlay.
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

Ignore = Callable[[str, list[str]], Iterable[str]]
"""As `shutil.copytree` takes it: a folder and its entries to those that are left out."""


def share(source: str, target: str) -> None:
    """The same file at another place; a copy where the system shares none."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def share_tree(source: Path, target: Path, ignore: Ignore | None = None) -> None:
    """A tree of the same files; folders that are there stay."""
    shutil.copytree(
        source, target, symlinks=True, ignore=ignore, copy_function=share, dirs_exist_ok=True
    )


def remove_tree(path: Path) -> None:
    """Remove a tree, also folders that their owner may not enter: overlays leave such behind."""
    if not path.exists():
        return
    for folder, names, _ in os.walk(path):
        for name in names:
            entry = Path(folder) / name
            if not entry.is_symlink() and stat.S_IMODE(entry.stat().st_mode) & 0o700 != 0o700:
                entry.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def copy_ownership(source: os.stat_result, target: Path) -> None:
    """The same owner, if this process may give files away."""
    if os.geteuid() == 0:
        os.chown(target, source.st_uid, source.st_gid, follow_symlinks=False)
