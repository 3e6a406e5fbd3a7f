"""Stages begin when what they need is done; the first failure is the one that is told."""

import threading

import pytest
from botocore.exceptions import ClientError

from pipeline.errors import JobFailedError, StoppedError
from pipeline.orchestration import runner
from pipeline.orchestration.runner import Stage, StageFailedError, run_stages
from pipeline.orchestration.story import STAGES, stages_of
from pipeline.polling import polls, stop_waiting, wait_again


class Silence:
    """A watch that only remembers."""

    def __init__(self):
        self.events = []

    def started(self, stage):
        self.events.append(f"{stage.name} began")

    def finished(self, done):
        self.events.append(f"{done.stage.name} done")


@pytest.fixture(autouse=True)
def waits_begin_anew():
    yield
    wait_again()


def named(name, work=lambda run, show: "fine", needs=()):
    return Stage(name, "AWS", work, needs)


def test_need_is_done_before_what_needs_it():
    watch = Silence()
    run_stages([named("a"), named("b", needs=("a",))], None, watch)
    assert watch.events == ["a began", "a done", "b began", "b done"]


def test_independent_stages_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=5)
    meets = lambda run, show: str(meeting.wait())  # noqa: E731
    done = run_stages([named("a", meets), named("b", meets)], None, Silence())
    assert {item.result for item in done} == {"0", "1"}


def test_results_stand_in_the_order_of_the_stages():
    done = run_stages([named("a"), named("b")], None, Silence())
    assert [item.stage.name for item in done] == ["a", "b"]


def test_failure_names_stage_resource_and_reason_and_keeps_the_log():
    def fails(run, show):
        raise JobFailedError("exit code 1", log_tail=["Traceback"])

    watch = Silence()
    with pytest.raises(StageFailedError) as failure:
        run_stages([named("a", fails), named("b", needs=("a",))], None, watch)
    assert str(failure.value) == "Stage “a” (AWS) failed: exit code 1"
    assert failure.value.log_tail == ("Traceback",)
    assert watch.events == ["a began"]


def test_refusal_by_aws_is_told_in_its_words():
    def refused(run, show):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No"}}, "PutObject")

    with pytest.raises(StageFailedError, match="PutObject: AccessDenied: No"):
        run_stages([named("a", refused)], None, Silence())


def test_failure_ends_the_waits_of_the_others():
    ended = threading.Event()

    def waits(run, show):
        try:
            for _ in polls(60):
                pass
        except StoppedError:
            ended.set()
            raise
        return "never"

    def fails(run, show):
        raise JobFailedError("no")

    with pytest.raises(StageFailedError, match="no"):
        run_stages([named("waits", waits), named("fails", fails)], None, Silence())
    assert ended.wait(5)


def test_fault_of_ours_ends_the_run_and_shows_its_traceback(monkeypatch):
    shown, faults = threading.Event(), []
    monkeypatch.setattr(threading, "excepthook", lambda fault: (faults.append(fault), shown.set()))

    def breaks(run, show):
        raise KeyError("typo")

    with pytest.raises(runner.PipelineError, match="broke down"):
        run_stages([named("a", breaks)], None, Silence())
    assert shown.wait(5)
    assert faults[0].exc_type is KeyError


def test_stopped_wait_ends_at_once():
    stop_waiting()
    with pytest.raises(StoppedError):
        list(polls(60))


def test_every_need_of_the_story_stands_before():
    seen = set()
    for stage in STAGES:
        assert set(stage.needs) <= seen
        seen.add(stage.name)


def test_part_of_the_story_needs_only_itself():
    assert [(stage.name, stage.needs) for stage in stages_of("train", "register")] == [
        ("train", ()),
        ("register", ("train",)),
    ]
