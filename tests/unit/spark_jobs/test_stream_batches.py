"""Batches of events: what is settled by them, what they remember, and the same again."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from pipeline.contracts import events, stream_features
from pipeline.producers import tables
from pipeline.producers.timeline import timeline
from spark_jobs.live.batches import Batches
from spark_jobs.live.known import UNREAD
from spark_jobs.live.memory import Memory
from spark_jobs.live.parsing import all_fields
from spark_jobs.live.store import FeatureStore

HOUR = 3600


class Folder:
    """The objects of a lake, and where its checkpoint lies."""

    def __init__(self):
        self.objects = {}
        self.writes = []

    def read(self, address):
        if address not in self.objects:
            raise FileNotFoundError(address)
        return self.objects[address]

    def write(self, address, content):
        self.objects[address] = content
        self.writes.append(address)

    def delete(self, address):
        for name in [name for name in self.objects if name.startswith(f"{address}/")]:
            del self.objects[name]


def seconds(text):
    return int(datetime.fromisoformat(text).timestamp())


def frame(told):
    """Events as the JVM parses them."""
    names = [name for name in all_fields() if name not in UNREAD or name == "event_type"]
    instants = ("event_time", "scheduled_departure", "scheduled_arrival", "observed_at")
    rows = [{name: event.get(name) for name in names} for event in told]
    for row in rows:
        row |= {name: seconds(row[name]) for name in instants if row[name]}
    told_at = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    return pd.DataFrame(rows, columns=names).assign(told_at=told_at)


@pytest.fixture
def lake():
    return Folder()


@pytest.fixture(scope="module")
def told():
    return list(timeline(tables.days(1)))


def batches(lake, delay=HOUR):
    return Batches(Memory(lake, "checkpoint"), FeatureStore(lake, "lake"), delay)


def lines(lake):
    found = [
        json.loads(line)
        for address, content in lake.objects.items()
        if address.startswith(f"lake/{stream_features.FLIGHTS_PREFIX}")
        for line in gzip.decompress(content).splitlines()
    ]
    return {line["flight_id"]: line for line in found}


def run(lake, *batches_of_events, restart=False, delay=HOUR):
    job = batches(lake, delay)
    for batch_id, some in enumerate(batches_of_events):
        job = batches(lake, delay) if restart else job
        job.take(frame(some), batch_id)
    return lines(lake)


def cut(told, size):
    return [told[at : at + size] for at in range(0, len(told), size)]


def test_every_flight_is_settled_when_the_watermark_passes_its_score_time(lake, told):
    found = run(lake, told)
    settled = datetime.fromisoformat(told[-1]["event_time"]) - timedelta(hours=1)
    due = {
        event["flight_id"]
        for event in told
        if event["event_type"] == events.PLANNED
        and datetime.fromisoformat(event["scheduled_departure"]) - timedelta(hours=2) <= settled
    }
    assert found.keys() == due
    assert len(due) > 800
    assert all(tuple(line) == stream_features.LINE for line in found.values())


def test_batches_and_restarts_change_nothing(lake, told):
    other = Folder()
    assert run(lake, *cut(told, 900), restart=True) == run(other, told)
    newest = f"lake/{stream_features.NEWEST_KEY}"
    assert json.loads(gzip.decompress(lake.objects[newest])) == json.loads(
        gzip.decompress(other.objects[newest])
    )


def test_lines_begin_when_enough_is_known_and_are_the_same(lake, told):
    whole = run(Folder(), *cut(told, 1000))
    history = 30 * HOUR
    job = Batches(Memory(lake, "checkpoint"), FeatureStore(lake, "lake"), HOUR, history)
    for batch_id, some in enumerate(cut(told, 1000)):
        job.take(frame(some), batch_id)
    begin = seconds(told[0]["event_time"]) + history
    later = {id_: line for id_, line in whole.items() if seconds(line["score_time"]) > begin}
    assert lines(lake) == later
    assert 0 < len(later) < len(whole)


def test_late_duplicate_and_shuffled_events_within_the_watermark_change_nothing(lake, told):
    late = sorted(told, key=lambda event: (event["event_time"][:12], event["event_id"][::-1]))
    twice = [event for pair in zip(late, [late[0]] * 30 + late, strict=False) for event in pair]
    in_order = run(Folder(), *cut(told, 1000), delay=10 * HOUR)
    assert run(lake, *cut(twice, 900), delay=10 * HOUR) == in_order
    assert len(in_order) > 600


def test_batch_that_is_run_again_writes_what_it_wrote(lake, told):
    parts = cut(told, 1000)
    run(lake, *parts[:3])
    before = dict(lake.objects)
    batches(lake).take(frame(parts[2]), 2)
    assert lake.objects == before


def test_event_that_is_too_late_changes_no_line_and_counts_from_then_on(lake, told):
    some = [event for event in told if event["event_type"] == events.DEPARTED]
    held = some[300]
    left = held["origin"]
    rest = [event for event in told if event is not held]
    after = next(
        at
        for at, e in enumerate(rest)
        if seconds(e["event_time"]) > seconds(held["event_time"]) + 90 * 60
    )
    parts = [rest[:after], [held, *rest[after:]]]
    run(lake, parts[0])
    before = lines(lake)
    found = run(lake, *parts)
    complete = run(Folder(), told)
    assert {name: found[name] for name in before} == before
    different = {name for name, line in found.items() if line != complete[name]}
    assert different <= before.keys()
    assert any(line["origin"] == left for line in found.values())


def test_event_of_the_future_moves_no_clock(lake, told):
    observed = next(event for event in told if event["event_type"] == events.WEATHER)
    future = {**observed, "event_id": "future#weather", "event_time": "2099-01-01T00:00:00Z"}
    assert run(lake, [*told[:900], future], told[900:]) == run(Folder(), told)


def test_plan_that_is_too_late_has_no_line(lake, told):
    held = next(
        event
        for event in told
        if event["event_type"] == events.PLANNED and event["flight_date"] == "2013-01-01"
    )
    rest = [event for event in told if event is not held]
    found = run(lake, rest, [held])
    assert held["flight_id"] not in found
    assert found.keys() | {held["flight_id"]} == run(Folder(), told).keys()


def test_what_is_remembered_does_not_grow_with_the_stream(lake, told):
    run(lake, *cut(told, 900))
    kept = {name.split("/")[2] for name in lake.objects if name.startswith("checkpoint/known/")}
    assert kept == {
        f"batch={number}" for number in (len(cut(told, 900)) - 2, len(cut(told, 900)) - 1)
    }
    last = f"checkpoint/known/batch={len(cut(told, 900)) - 1}/planned.parquet"
    assert len(lake.objects[last]) > 0


def test_lost_memory_stops_the_job(lake, told):
    run(lake, told[:500])
    lake.delete("checkpoint/known/batch=0")
    with pytest.raises(FileNotFoundError, match="batch=0/clock.json"):
        batches(lake).take(frame(told[500:600]), 1)
