"""How long events are kept: what is older is not read any more, and deleted in the background."""

import logging
import threading
import time

from emulation.compute.logs.group_file import FIRST, GroupFile, Place, now
from emulation.services.logs import store

LOG = logging.getLogger(__name__)

DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557),
    *(2922, 3288, 3653),
)
DAY = 86_400_000
"""In ms."""

TRIM_SECONDS = 300.0


def oldest(file: GroupFile) -> Place:
    """The place after which events are kept."""
    days = file.settings().get("retention")
    return (now() - days * DAY, -1) if days else FIRST


def start() -> None:
    """Delete what is too old from now on."""
    threading.Thread(target=_trim, name="logs-retention", daemon=True).start()


def _trim() -> None:
    while True:
        time.sleep(TRIM_SECONDS)
        for key in store.shelf().all():
            file = store.shelf().get(key)
            try:
                if file is not None and (days := file.settings().get("retention")):
                    file.trim(now() - days * DAY)
            except FileNotFoundError:
                LOG.debug("%s was deleted meanwhile", key)
