"""Steps that change files: each is a layer, as it was made before or made now."""

import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from emulation.compute.process_images.layers import Layer, Owners, pack
from emulation.compute.process_images.library import Library, moment
from emulation.compute.process_images.merging import merge
from emulation.compute.process_images.running import isolated
from emulation.compute.process_images.stage import Stage

Work = Callable[[], tuple[Path, Owners]]
"""Makes a layer's folder."""


class Steps:
    """The steps of one build. A step is known by what it does, and by the layers below it."""

    def __init__(self, library: Library, say: Callable[[str], None], *, use_cache: bool) -> None:
        self._library = library
        self._say = say
        self._use_cache = use_cache

    def take(self, stage: Stage, step: Sequence[object], work: Work) -> None:
        """One step: its layer is on the stage afterwards."""
        known = self._file(stage, step)
        if not self._use_cache or not self._take_known(stage, known):
            folder, owners = work()
            layer = self.add(stage, folder, owners)
            stage.created = moment()
            self._remember(known, layer, stage.created)
            self._say(f" ---> {layer.diff_id.partition(':')[2][:12]}\n")

    def _take_known(self, stage: Stage, known: Path) -> bool:
        if not known.exists():
            return False
        record = json.loads(known.read_text())
        layer = Layer(**record["layer"])
        if not self._library.blobs.has(layer.digest):
            return False
        self._say(" ---> Using cache\n")
        self._put(stage, layer)
        stage.created = record["created"]
        known.touch()
        return True

    def _file(self, stage: Stage, step: Sequence[object]) -> Path:
        base = stage.base.name if stage.base else ""
        chain = [base, isolated(), *(layer.diff_id for layer in stage.layers), list(step)]
        key = hashlib.sha256(json.dumps(chain, sort_keys=True).encode()).hexdigest()
        return self._library.folder / "cache" / f"{key}.json"

    def _remember(self, known: Path, layer: Layer, created: str) -> None:
        known.parent.mkdir(parents=True, exist_ok=True)
        written = known.with_suffix(f".{uuid.uuid4().hex}")
        written.write_text(json.dumps({"layer": asdict(layer), "created": created}))
        written.replace(known)

    def add(self, stage: Stage, folder: Path, owners: Owners) -> Layer:
        """A folder as the stage's next layer."""
        layer = pack(folder, self._library.blobs, owners)
        self._library.keep_layer(folder, layer)
        self._put(stage, layer)
        return layer

    def _put(self, stage: Stage, layer: Layer) -> None:
        folder = self._library.unpacked(layer)
        merge(folder, stage.root, hides=stage.base is not None and isolated())
        stage.layers.append(layer)
