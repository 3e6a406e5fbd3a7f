from dataclasses import asdict

import pytest

from emulation.services.cloudwatch import composites
from emulation.services.cloudwatch import store as stores
from emulation.services.cloudwatch.store import Alarm, Store


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A kept alarm whose actions have waited long enough, and what keeps it."""
    kept = Store(tmp_path / "alarms.db")
    monkeypatch.setattr(stores, "store", lambda: kept)
    monkeypatch.setattr(composites, "store", lambda: kept)
    monkeypatch.setattr(composites, "keep", lambda one: kept.alarms.put(one.scope, one.name, one))
    alarm = Alarm("loud", "000000000000", "us-east-1", "aws", True, {}, 0.0)
    alarm.suppression = {"by": "WaitPeriod", "until": 1.0, "since": asdict(alarm)}
    kept.alarms.put(alarm.scope, alarm.name, alarm)
    yield alarm, kept.alarms
    kept.close()


def test_alarm_whose_actions_have_waited_is_kept_without_its_suppression(held):
    alarm, alarms = held
    composites.look_again(alarm)
    assert alarms.get(alarm.scope, alarm.name).suppression is None


def test_alarm_that_is_deleted_meanwhile_is_not_written_again(held):
    alarm, alarms = held
    alarms.remove(alarm.scope, alarm.name)
    composites.look_again(alarm)
    assert alarms.get(alarm.scope, alarm.name) is None
