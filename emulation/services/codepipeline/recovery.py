"""After a restart executions go on: each action is looked at again, or begun if it never was.

Builds, stacks and state machines that the end of the emulator interrupted are failed by their own
services, and fail their actions with that reason. Approvals keep their token, jobs their
identifier.
"""

import threading

from localstack.runtime import events

from emulation.services.codepipeline import advancing, polling, store
from emulation.services.codepipeline.store import LOCK


def recover() -> None:
    """Read what was written; work begins when the emulator is ready."""
    store.load()
    threading.Thread(target=go_on, name="codepipeline-recovery", daemon=True).start()


def go_on() -> None:
    """Let the executions of all pipelines go on."""
    events.infra_ready.wait()
    with LOCK:
        for pipeline in store.all_pipelines():
            advancing.go_on(pipeline)
    polling.wake()
