"""How an attempt of EMR Serverless ends that somebody cancels while it fails."""

import pytest

from emulation.services.emr_serverless import running
from emulation.services.emr_serverless.store import Attempt, JobRun


@pytest.fixture
def run(monkeypatch):
    """A run with three attempts left, of which the first has begun."""

    def move(run, state, details=""):
        run.attempt.state, run.attempt.details = state, details

    monkeypatch.setattr(running, "move", move)
    for name in ("announcements", "slots", "application_states", "all_applications", "attempts"):
        monkeypatch.setattr(running, name, Silent())
    monkeypatch.setattr(JobRun, "save", lambda _: None)
    monkeypatch.setattr(running, "background", lambda *_: None)
    policy = {"retryPolicy": {"maxAttempts": 4}, "mode": "BATCH"}
    begun = Attempt(1, state="RUNNING", started=1.0)
    return JobRun("0", "us-east-1", "aws", "a", "r", "t", {}, policy, [begun])


class Silent:
    """Takes every call, and answers what can be unpacked to nothing."""

    def __getattr__(self, _):
        return lambda *_: ()

    def __call__(self):
        return {"a": None}


def states(run):
    return [attempt.state for attempt in run.attempts]


def test_failed_attempt_has_another_after_it(run):
    running.end(run, "FAILED", "boom")
    assert states(run) == ["FAILED", "PENDING"]


def test_attempt_that_fails_while_it_is_cancelled_is_the_last(run):
    run.attempt.state = "CANCELLING"
    running.end(run, "FAILED", "boom")
    assert states(run) == ["CANCELLED"]
