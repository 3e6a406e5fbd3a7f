"""What of a library is removed when an emulator starts, before anything runs.

Half-built images and contexts of a killed emulator; merged trees, which are made again within a
second; steps that no build has asked for in a month; layers and blobs that belong to nothing else.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path

from emulation.compute.process_images.library import Library
from emulation.compute.process_images.trees import remove_tree

CACHE_SECONDS = 30 * 86400.0
TEMPORARY = ("builds", "contexts", "roots")


def tidy(library: Library, images: Iterable[str]) -> None:
    """Remove it, all but what the images (digests of manifests) need."""
    for name in TEMPORARY:
        remove_tree(library.folder / name)
    blobs, layers = _of_cache(library.folder / "cache")
    for digest in images:
        if library.blobs.has(digest):
            parts = library.parts(digest)
            blobs |= {digest, library.document(digest)["config"]["digest"]}
            blobs |= {layer.digest for layer in parts.layers}
            layers |= {layer.diff_id for layer in parts.layers}
    for digest in set(library.blobs.all()) - blobs:
        library.blobs.remove(digest)
    kept = {library.layer_folder(diff_id) for diff_id in layers}
    for folder in _entries(library.folder / "layers"):
        if folder not in kept:
            remove_tree(folder)


def _of_cache(folder: Path) -> tuple[set[str], set[str]]:
    """The blobs and layers of the steps that are remembered."""
    blobs, layers = set(), set()
    before = time.time() - CACHE_SECONDS
    for file in _entries(folder):
        if file.suffix != ".json" or file.stat().st_mtime < before:
            file.unlink()
            continue
        layer = json.loads(file.read_text())["layer"]
        blobs.add(layer["digest"])
        layers.add(layer["diff_id"])
    return blobs, layers


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
