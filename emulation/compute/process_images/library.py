"""The images of this machine: their blobs, their layers unpacked, and each of them ready to run.

One folder holds it all, and everything in it is named by its digest, so whatever is there is right
and nothing is made twice: a layer is unpacked once for all images that have it, and the merged
trees share the layers' files.
"""

import json
import platform
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulation.compute.process_images import bases, running
from emulation.compute.process_images.blobs import Blobs
from emulation.compute.process_images.image import ImageConfig, ImageError, ProcessImage
from emulation.compute.process_images.layers import Layer, unpack
from emulation.compute.process_images.merging import merge
from emulation.compute.process_images.trees import remove_tree

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
INDEXES = (INDEX, DOCKER_INDEX)

BASE_LABEL = "terrarium.base"
"""In the labels of an image that stands on a known base: which."""
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

Document = dict[str, Any]


def architecture() -> str:
    """This machine's, as images name it."""
    machine = platform.machine().lower()
    return ARCHITECTURES.get(machine, machine)


@dataclass(frozen=True, slots=True)
class Parts:
    """What an image is made of."""

    config: ImageConfig
    layers: Sequence[Layer]
    history: Sequence[Document]
    author: str = ""
    created: str = ""


class Library:
    """The images below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = Blobs(folder / "blobs")
        self._lock = threading.Lock()

    def base_files(self, base: bases.Base) -> Path:
        """The files of a known base."""
        return base.files(self.folder / "bases")

    def layer_folder(self, diff_id: str) -> Path:
        """Where a layer is unpacked, or would be."""
        return self.folder / "layers" / diff_id.partition(":")[2]

    def write(self, parts: Parts) -> str:
        """Make an image of layers that are here; the digest of its manifest."""
        config: Document = {
            "created": parts.created,
            "architecture": architecture(),
            "os": "linux",
            "config": parts.config.to_oci(),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in parts.layers]},
            "history": list(parts.history),
        }
        if parts.author:
            config["author"] = parts.author
        content = json.dumps(config, separators=(",", ":")).encode()
        described = {"mediaType": CONFIG, "digest": self.blobs.add(content), "size": len(content)}
        layers = [
            {"mediaType": LAYER, "digest": layer.digest, "size": layer.size}
            for layer in parts.layers
        ]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described,
            "layers": layers,
        }
        return self.blobs.add(json.dumps(manifest, separators=(",", ":")).encode())

    def parts(self, digest: str) -> Parts:
        """What an image that is here is made of."""
        manifest = self.document(digest)
        config = self.document(manifest["config"]["digest"])
        diff_ids = config["rootfs"]["diff_ids"]
        layers = [
            Layer(diff_id, layer["digest"], layer["size"])
            for diff_id, layer in zip(diff_ids, manifest["layers"], strict=True)
        ]
        oci = ImageConfig.from_oci(config.get("config") or {})
        return Parts(
            oci,
            layers,
            config.get("history") or [],
            config.get("author", ""),
            config.get("created", ""),
        )

    def document(self, digest: str) -> Document:
        """A manifest or a configuration."""
        found: Document = json.loads(self.blobs.read(digest))
        return found

    def image(self, digest: str) -> ProcessImage:
        """An image whose blobs are here, unpacked.

        Raises:
            ImageError: it is for another machine, damaged, or stands on an unknown base.
        """
        manifest = self.document(digest)
        config = self.document(manifest["config"]["digest"])
        check_platform(config)
        parts = self.parts(digest)
        base = self.base_of(parts.config)
        if base is None and not running.isolated():
            raise ImageError(
                "an image that brings its own system needs a system that gives a container a root"
                " of its own, which this one does not"
            )
        root = self.folder / "roots" / digest.partition(":")[2]
        with self._lock:
            if not root.exists():
                written = root.with_name(f"{root.name}.new")
                remove_tree(written)
                written.mkdir(parents=True)
                self._merge(parts, written, hides=base is not None)
                written.rename(root)
        files = self.base_files(base) if base else None
        return ProcessImage(digest, root, parts.config, files)

    def base_of(self, config: ImageConfig) -> bases.Base | None:
        """The known base that an image stands on."""
        name = config.labels.get(BASE_LABEL)
        return bases.named(name) if name else None

    def _merge(self, parts: Parts, root: Path, *, hides: bool) -> None:
        for layer in parts.layers:
            self._unpack(layer)
            merge(self.layer_folder(layer.diff_id), root, hides=hides and running.isolated())

    def unpacked(self, layer: Layer) -> Path:
        """The folder of a layer whose blob is here."""
        with self._lock:
            self._unpack(layer)
        return self.layer_folder(layer.diff_id)

    def _unpack(self, layer: Layer) -> None:
        folder = self.layer_folder(layer.diff_id)
        if folder.exists():
            return
        written = folder.with_name(f"{folder.name}.new")
        remove_tree(written)
        written.mkdir(parents=True)
        unpack(self.blobs.path(layer.digest), layer.diff_id, written)
        written.rename(folder)

    def keep_layer(self, folder: Path, layer: Layer) -> Path:
        """Take the folder that a layer was packed from: it need not be unpacked again."""
        target = self.layer_folder(layer.diff_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            if target.exists():
                remove_tree(folder)
            else:
                folder.rename(target)
        return target


def check_platform(config: Mapping[str, Any]) -> None:
    """Whether the image's programs can run here.

    Raises:
        ImageError: they are another machine's; in the words of a container's runtime.
    """
    wanted = f"linux/{architecture()}"
    if f"{config.get('os')}/{config.get('architecture')}" != wanted:
        raise ImageError(f"image Manifest does not contain descriptor matching platform '{wanted}'")


def moment(seconds: float | None = None) -> str:
    """Now, or a time of a file, as images say when they were made."""
    return datetime.fromtimestamp(seconds or time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
