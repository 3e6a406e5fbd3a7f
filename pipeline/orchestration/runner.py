"""Run stages: each begins as soon as the stages that it needs are done, in a thread of its own.

The first failure ends the waits of the others and is the one that is told. Threads are daemons, so
that an interrupt ends the program at once; whatever they had started in AWS goes on there, and the
next run finds it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import PipelineError, StoppedError
from pipeline.orchestration.run import Run, Show
from pipeline.polling import stop_waiting

Work = Callable[[Run, Show], str]


@dataclass(frozen=True)
class Stage:
    """One step of the story; `work` returns the result in a few words."""

    name: str
    resource: str
    work: Work
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """A stage that is through."""

    stage: Stage
    result: str
    seconds: float


class StageFailedError(PipelineError):
    """A stage could not do its work."""

    def __init__(self, stage: Stage, cause: Exception) -> None:
        super().__init__(
            f"Stage “{stage.name}” ({stage.resource}) failed: {sentence_of(cause)}",
            log_tail=cause.log_tail if isinstance(cause, PipelineError) else (),
        )


class Watch(Protocol):
    """Who shows the stages."""

    def started(self, stage: Stage) -> Show:
        """A stage begins; where it shows itself."""

    def finished(self, done: Done) -> None:
        """A stage is through."""


def sentence_of(error: Exception) -> str:
    """AWS's own words, where it is AWS that refuses."""
    if isinstance(error, ClientError):
        detail = error.response["Error"]
        return f"{error.operation_name}: {detail['Code']}: {detail['Message']}"
    return str(error)


def run_stages(stages: Sequence[Stage], run: Run, watch: Watch) -> list[Done]:
    """Do the work of every stage; the stages stand in an order in which needs come first."""
    futures: dict[str, Future[Done]] = {}
    for stage in stages:
        needs = [futures[name] for name in stage.needs]
        future: Future[Done] = Future()
        futures[stage.name] = future
        arguments = (stage, needs, future, run, watch)
        threading.Thread(target=_attend, args=arguments, daemon=True).start()
    done, _ = wait(futures.values(), return_when=FIRST_EXCEPTION)
    for future in done:
        error = future.exception()
        if error and not isinstance(error, StoppedError):
            stop_waiting()
            raise error
    return [future.result() for future in futures.values()]


def _attend(
    stage: Stage, needs: list[Future[Done]], future: Future[Done], run: Run, watch: Watch
) -> None:
    """A thread's life: wait for the needs, work, say how it went."""
    if any(need.exception() for need in needs):
        future.set_exception(StoppedError(f"{stage.name} never began."))
        return
    started = time.monotonic()
    try:
        result = stage.work(run, watch.started(stage))
    except StoppedError as error:
        future.set_exception(error)
    except (PipelineError, ClientError, BotoCoreError) as error:
        future.set_exception(StageFailedError(stage, error))
    else:
        done = Done(stage, result, time.monotonic() - started)
        watch.finished(done)
        future.set_result(done)
    finally:
        if not future.done():
            # A fault of ours: the thread's traceback follows, and nobody waits for ever.
            future.set_exception(PipelineError(f"Stage “{stage.name}” broke down."))
