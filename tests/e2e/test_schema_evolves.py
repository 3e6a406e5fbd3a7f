"""A producer becomes newer than the pipeline. What it adds is in the catalog, in the processed
flights and in the warehouse's way, with nothing deployed anew; what it breaks is set aside, an
alarm says so, and it is sent again when it is mended.
"""

import json
from typing import Any

import pytest

from tests.e2e import cloud
from tests.e2e.laptop import COMMAND_SECONDS
from tests.e2e.truth import Truth
from tests.e2e.watch import AsideWatch, StreamWatch
from tests.waiting import wait_until

DAYS = 10
NEWER = 9000
"""Flight numbers from here on are the newer producer's."""

ALARM_SECONDS = 240
"""A period of a minute, looked at once in a minute, on a slow machine."""

BROKEN: dict[str, dict[str, Any]] = {
    "unknown_version": {"schema_version": 2, "gateNumber": "D 1"},
    "wrong_type": {"distance": "far"},
    "missing_field": {"dest": None},
    "wrong_name": {"Carrier": "UA"},
}
MENDED = {
    "unknown_version": ["--set", "schema_version=1"],
    "wrong_type": ["--set", "distance=1400"],
    "missing_field": ["--set", "dest=IAH"],
    "wrong_name": ["--unset", "Carrier"],
}


def planned(laptop) -> dict[str, Any]:
    """A planned flight of the first day, as the stream has it."""
    watch = StreamWatch(laptop)
    wait_until("an event in the stream", watch.poll)
    told = [json.loads(data) for data in watch.data]
    return next(
        event
        for event in told
        if event["event_type"] == "planned" and event["flight_date"] == "2013-01-01"
    )


def renumbered(event: dict[str, Any], number: int, **change: Any) -> dict[str, Any]:
    """Another flight like this one; a change to None leaves the field out."""
    day, carrier, _, origin = event["flight_id"].split("/")
    flight_id = f"{day}/{carrier}/{number}/{origin}"
    told = event | {"flight": number, "flight_id": flight_id, "event_id": f"{flight_id}#planned"}
    return {name: value for name, value in (told | change).items() if value is not None}


def encoded(events: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


class Evolved:
    """What was sent, and the run of the pipeline after it."""

    def __init__(self, laptop) -> None:
        self.laptop = laptop
        laptop.run("pipeline", "deploy")
        self.deployed = stacks(laptop)
        laptop.run("pipeline", "produce", "--days", "1")
        event = planned(laptop)
        self.added = [
            renumbered(event, NEWER, gateNumber="C 12", priority=3),
            renumbered(event, NEWER + 1, gateNumber="C 13", crew={"pilots": 2}),
        ]
        self.broken = [
            renumbered(event, NEWER + 10 + place, **change)
            for place, change in enumerate(BROKEN.values())
        ]
        StreamWatch(laptop).put(encoded([*self.added, *self.broken]))
        up = laptop.begin("pipeline", "up", "--days", str(DAYS))
        self.alarms = {
            name: wait_until(f"alarm {name}", lambda n=name: alarmed(laptop, n), ALARM_SECONDS)
            for name in ("poison", "contract-break")
        }
        assert up.wait(COMMAND_SECONDS) == 0, laptop.said()


def stacks(laptop) -> dict[str, Any]:
    found = laptop.aws("cloudformation").describe_stacks()["Stacks"]
    times = ("CreationTime", "LastUpdatedTime")
    return {stack["StackName"]: [stack.get(name) for name in times] for stack in found}


def alarmed(laptop, name: str) -> dict[str, Any] | None:
    (alarm,) = laptop.aws("cloudwatch").describe_alarms(AlarmNames=[f"{cloud.NAME}-{name}"])[
        "MetricAlarms"
    ]
    return alarm if alarm["StateValue"] == "ALARM" else None


@pytest.fixture(scope="module")
def evolved(module_laptop) -> Evolved:
    return Evolved(module_laptop)


def test_nothing_is_deployed_anew(evolved):
    now = stacks(evolved.laptop)
    assert {name: now[name] for name in evolved.deployed} == evolved.deployed


def test_added_fields_are_in_the_catalog(evolved):
    table = evolved.laptop.aws("glue").get_table(DatabaseName=cloud.NAME, Name="raw_type_planned")
    columns = {
        column["Name"]: column["Type"] for column in table["Table"]["StorageDescriptor"]["Columns"]
    }
    assert columns["gatenumber"] == "string"
    assert columns["priority"] in {"int", "bigint"}
    assert columns["crew"].startswith("struct<pilots:")


def test_added_fields_are_columns_of_the_processed_flights(evolved):
    flights = cloud.processed(evolved.laptop)
    names = ("gateNumber", "priority", "crew")
    found = {row["flight"]: tuple(row[name] for name in names) for row in flights}
    assert found[NEWER] == ("C 12", 3, None)
    assert found[NEWER + 1] == ("C 13", None, '{"pilots":2}')
    assert {found[number] for number in found if number < NEWER} == {(None, None, None)}
    known = len(Truth.of(DAYS).flights) + len(evolved.added)
    assert len(flights) == known
    assert cloud.sql(evolved.laptop, "SELECT COUNT(*) FROM fact_flights") == [[known]]


def test_broken_contracts_raise_the_alarm_and_are_counted_by_reason(evolved):
    for alarm in evolved.alarms.values():
        assert alarm["Namespace"] == f"{cloud.NAME}/ingest"
    metrics = evolved.laptop.aws("cloudwatch").list_metrics(
        Namespace=f"{cloud.NAME}/ingest", MetricName="PoisonRecords"
    )["Metrics"]
    reasons = {item["Value"] for metric in metrics for item in metric.get("Dimensions", ())}
    assert reasons == set(BROKEN)


def test_what_is_broken_is_set_aside_and_sent_again_when_it_is_mended(evolved):
    laptop, aside = evolved.laptop, AsideWatch(evolved.laptop)
    assert sorted(told["kind"] for told in aside.poll()) == sorted(BROKEN)
    listed = laptop.run("pipeline", "poison", "list")
    assert all(kind in listed for kind in BROKEN)

    assert laptop.begin("pipeline", "poison", "redrive", "--all").wait(60) == 1
    assert "0 sent again, 4 stay" in laptop.said()
    for kind, change in MENDED.items():
        laptop.run("pipeline", "poison", "redrive", "--reason", kind, *change)
    assert "nothing is set aside" in laptop.run("pipeline", "poison", "list")

    sent = {event["event_id"] for event in [*evolved.added, *evolved.broken]}
    expected = sorted([*Truth.of(DAYS).event_ids, *sent])
    wait_until("the mended events", lambda: len(cloud.raw_ids(laptop)) >= len(expected))
    assert cloud.raw_ids(laptop) == expected
    assert cloud.objects(laptop, cloud.LAKE, "poison/") == {}
