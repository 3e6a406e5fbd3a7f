"""Which phase follows which, and how a build ends."""

import pytest

from emulation.compute.builds.transitions import ORDER, following, outcome


def test_phases_that_succeed_follow_each_other():
    for before, after in zip(ORDER, ORDER[1:], strict=False):
        assert following(before, "SUCCEEDED") == after


@pytest.mark.parametrize(
    ("phase", "on_failure", "after"),
    [
        ("QUEUED", "", "COMPLETED"),
        ("PROVISIONING", "", "COMPLETED"),
        ("DOWNLOAD_SOURCE", "", "FINALIZING"),
        ("INSTALL", "", "FINALIZING"),
        ("INSTALL", "CONTINUE", "PRE_BUILD"),
        ("PRE_BUILD", "", "FINALIZING"),
        ("BUILD", "", "POST_BUILD"),
        ("BUILD", "ABORT", "FINALIZING"),
        ("POST_BUILD", "", "UPLOAD_ARTIFACTS"),
        ("UPLOAD_ARTIFACTS", "", "FINALIZING"),
        ("FINALIZING", "", "COMPLETED"),
    ],
)
def test_phase_after_a_failure(phase, on_failure, after):
    assert following(phase, "FAILED", on_failure) == after


def test_stopped_build_goes_on_with_nothing():
    assert following("BUILD", "STOPPED", "CONTINUE") == "FINALIZING"
    assert following("INSTALL", "TIMED_OUT", "CONTINUE") == "FINALIZING"


def test_outcome_is_the_worst():
    assert outcome(["SUCCEEDED", "SUCCEEDED"]) == "SUCCEEDED"
    assert outcome(["SUCCEEDED", "FAILED", "SUCCEEDED"]) == "FAILED"
    assert outcome(["FAILED", "STOPPED"]) == "STOPPED"
    assert outcome(["FAILED", "TIMED_OUT"]) == "TIMED_OUT"
