"""What rules want of an object and when, without a bucket."""

from datetime import UTC, datetime, timedelta

import pytest

from emulation.services.s3 import lifecycle
from emulation.services.s3.lifecycle import DELETE, HIDE, TRANSITION, Version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LARGE = lifecycle.SMALLEST


def wanted(rule, version, minimum="all_storage_classes_128K"):
    complete = {"ID": "r", "Status": "Enabled", "Filter": {}, **rule}
    return lifecycle.wanted(lifecycle.enabled([complete]), version, minimum)


def transitions(*steps):
    return {"Transitions": [{"Days": days, "StorageClass": name} for name, days in steps]}


def test_days_end_at_the_midnight_after():
    (due,) = wanted({"Expiration": {"Days": 1}}, Version("k", NOON))
    assert (due.at, due.action) == (datetime(2026, 3, 3, tzinfo=UTC), DELETE)
    (due,) = wanted({"Expiration": {"Days": 1}}, Version("k", NOON, versioned=True))
    assert due.action == HIDE


def test_coldest_class_that_is_due_wins_and_deletion_over_it():
    rule = transitions(("STANDARD_IA", 30), ("DEEP_ARCHIVE", 60))
    dues = wanted(rule, Version("k", NOON, LARGE))
    late = NOON + timedelta(days=90)
    assert lifecycle.first(dues, late).storage_class == "DEEP_ARCHIVE"
    assert lifecycle.first(dues, NOON + timedelta(days=40)).storage_class == "STANDARD_IA"
    assert lifecycle.first(dues, NOON) is None
    both = dues + wanted({"Expiration": {"Days": 1}}, Version("k", NOON, LARGE))
    assert lifecycle.first(both, late).action == DELETE


@pytest.mark.parametrize(
    ("here", "to", "goes"),
    [
        ("STANDARD", "INTELLIGENT_TIERING", True),
        ("GLACIER", "DEEP_ARCHIVE", True),
        ("GLACIER", "GLACIER_IR", False),
        ("ONEZONE_IA", "GLACIER_IR", False),
        ("DEEP_ARCHIVE", "DEEP_ARCHIVE", False),
    ],
)
def test_objects_only_go_down(here, to, goes):
    dues = wanted(transitions((to, 1)), Version("k", NOON, LARGE, here))
    assert [due.action for due in dues] == [TRANSITION] * goes


def test_newest_versions_are_kept():
    rule = {"NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2}}
    old = [Version("k", NOON, since=NOON, newer=newer, alone=False) for newer in range(4)]
    assert [bool(wanted(rule, version)) for version in old] == [False, False, True, True]


def test_delete_marker_goes_when_it_hides_nothing():
    rule = {"Expiration": {"ExpiredObjectDeleteMarker": True}}
    assert wanted(rule, Version("k", NOON, marker=True))
    assert not wanted(rule, Version("k", NOON, marker=True, alone=False))
    assert not wanted(rule, Version("k", NOON))
