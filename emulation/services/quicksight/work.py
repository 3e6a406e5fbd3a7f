"""QuickSight's threads: connection tests, ingestions, snapshots."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from localstack.runtime.events import infra_ready

LOG = logging.getLogger(__name__)

POOL = ThreadPoolExecutor(max_workers=3, thread_name_prefix="quicksight")


def submit(work: Callable[[], None]) -> None:
    """Carry out in the background; a mistake of ours is at least told."""
    POOL.submit(_when_ready, work).add_done_callback(_tell)


def _when_ready(work: Callable[[], None]) -> None:
    """What the last run left waits for the other services, whose state it reads."""
    infra_ready.wait()
    work()


def _tell(done: Future[None]) -> None:
    if error := done.exception():
        LOG.error("work of QuickSight failed", exc_info=error)
