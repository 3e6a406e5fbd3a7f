"""The emulator's one warehouse, opened when a namespace is first used."""

import threading

from emulation.compute.warehouse.engine import Warehouse
from emulation.settings import settings

_LOCK = threading.Lock()
_OPENED: list[Warehouse] = []


def warehouse() -> Warehouse:
    """The warehouse of this process; its files are below the state folder."""
    with _LOCK:
        if not _OPENED:
            options = settings()
            _OPENED.append(Warehouse(options.folder("warehouse"), options.warehouse_memory))
        return _OPENED[0]


def close_warehouse() -> None:
    """Write everything to the files and let go of them; called when the emulator stops."""
    with _LOCK:
        while _OPENED:
            _OPENED.pop().close()
