"""All events of some days in the order in which they become known."""

from collections.abc import Iterator
from datetime import date, timedelta
from heapq import heappop, heappush

from pipeline.contracts.events import Event
from pipeline.producers import flights, tables, weather
from pipeline.producers.tables import MISSING


def timeline(days: list[date]) -> Iterator[Event]:
    """The events about these days, by `event_time`; a flight begins a day before and may end two
    days later. Only the days that overlap are in memory.
    """
    waiting: list[tuple[str, str, Event]] = []
    for day in days:
        for event in about(day):
            heappush(waiting, (event["event_time"], event["event_id"], event))
        horizon = flights.earliest_event(day + timedelta(days=1))
        while waiting and waiting[0][0] < horizon:
            yield heappop(waiting)[2]
    while waiting:
        yield heappop(waiting)[2]


def about(day: date) -> Iterator[Event]:
    """The events of the flights and of the weather of one day in New York."""
    for row in tables.flights().rows(day):
        yield from flights.tell(row)
    for row in tables.weather().rows(day):
        yield weather.tell(row)


def count(days: list[date]) -> int:
    """How many events these days have."""
    return sum(_count(day) for day in days)


def _count(day: date) -> int:
    told = sum(
        1 + (row["dep_delay"] != MISSING) + (row["arr_delay"] != MISSING)
        for row in tables.flights().rows(day)
    )
    return told + sum(1 for _ in tables.weather().rows(day))
