"""Events of two days, and what surrounds the consumers."""

import pytest

from pipeline.contracts import events
from pipeline.producers import tables
from pipeline.producers.timeline import timeline
from tests.unit.pipeline.consumers.miniatures import Cloud


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def clouds():
    """Makes clouds with as many shards."""
    return Cloud


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("pipeline.consumers.patience.FIRST_PAUSE", 0)


@pytest.fixture(scope="session")
def told():
    return list(timeline(tables.days(2)))[:1500]


@pytest.fixture(scope="session")
def payloads(told):
    return [events.encode(event) for event in told]


@pytest.fixture(scope="session")
def flights(told):
    """Identities of the planned ones, in order."""
    return sorted(e["flight_id"] for e in told if e["event_type"] == events.PLANNED)
