"""Tasks do not outlive the emulator: what ran is told as STOPPED."""

import time

from emulation.compute.process_images.trees import remove_tree
from emulation.services.ecs import store
from emulation.services.ecs.live import ABANDONED, LIVE
from emulation.services.ecs.store import LOCK, TASKS, Task
from emulation.settings import settings


def recover() -> None:
    """Read what was written; what ran then has ended."""
    store.load()
    for task in TASKS.everywhere():
        if not task.is_over and task.arn not in LIVE:
            end(task)
    if not LIVE:
        remove_tree(settings().folder("ecs", "work"))


def end(task: Task) -> None:
    """A task whose processes were killed."""
    now = time.time()
    with LOCK:
        members = task.members
        for container in members["containers"]:
            container["lastStatus"] = "STOPPED"
        for attachment in members["attachments"]:
            attachment["status"] = "DELETED"
        members.setdefault("stopCode", ABANDONED.code)
        members.setdefault("stoppedReason", ABANDONED.reason)
        members.setdefault("stoppingAt", now)
        members |= {
            "desiredStatus": "STOPPED",
            "lastStatus": "STOPPED",
            "executionStoppedAt": now,
            "stoppedAt": now,
            "version": members["version"] + 1,
        }
        task.counted = False
        TASKS.save(task)


def end_all() -> None:
    """What runs has just been ended by the supervisor; wait until it is written down."""
    tasks = list(LIVE.values())
    for task in tasks:
        task.kill()
    for task in tasks:
        task.wait(settings().stop_seconds)
