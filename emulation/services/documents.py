"""State that is on disk before it is answered: one JSON document a thing, replaced in one step.

For what must survive `kill -9` to the last request, because processes depend on it; everything else
is in the snapshots of `emulation.state`.
"""

import json
from pathlib import Path
from typing import Any


def write(path: Path, document: Any) -> None:
    """Put a document in the place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".new")
    written.write_text(json.dumps(document, indent=1))
    written.replace(path)


def read(path: Path) -> Any:
    """A document, None where there is none."""
    return json.loads(path.read_text()) if path.exists() else None
