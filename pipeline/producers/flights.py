"""A flight as it is told: planned, departed, arrived, each with what is known then.

The data has local clocks without dates for what happened, and they are not needed: an instant is
the scheduled instant plus the delay. Both delays agree with the clocks in every row, also where a
clock says 2400 or a flight lands a day later.

* Scheduled departure: `time_hour` (UTC) plus `minute`.
* Scheduled arrival: the first time after that at which the destination's clock shows
  `sched_arr_time`. No flight takes a day, and by this rule every flight of the data lands at least
  five minutes after departure plus `air_time`, which is its taxi time.
* Planned: one day before the scheduled departure. The data does not say when a schedule was
  published; it has to be well before the moment of scoring, two hours before departure.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pipeline.contracts import events
from pipeline.contracts.events import Event
from pipeline.producers.tables import MISSING, Row, airport_zones

KNOWN_BEFORE = timedelta(days=1)
NEW_YORK = "America/New_York"


def instant(moment: datetime) -> str:
    """A moment of UTC as the contract writes it."""
    return f"{moment.isoformat()[:19]}Z"


def tell(row: Row) -> Iterator[Event]:
    """The events of a flight, in order. One that never left or never arrived has fewer."""
    departure = datetime.fromisoformat(row["time_hour"]) + timedelta(minutes=int(row["minute"]))
    arrival = scheduled_arrival(departure, row["dest"], int(row["sched_arr_time"]))
    flight = identify(row, departure)
    yield planned(row, flight, departure, arrival)
    if row["dep_delay"] != MISSING:
        delay = int(row["dep_delay"])
        yield {
            **_envelope(flight, events.DEPARTED, departure + timedelta(minutes=delay)),
            **flight,
            "dep_delay": delay,
            "tailnum": None if row["tailnum"] == MISSING else row["tailnum"],
        }
    if row["arr_delay"] != MISSING:
        delay = int(row["arr_delay"])
        yield {
            **_envelope(flight, events.ARRIVED, arrival + timedelta(minutes=delay)),
            **flight,
            "arr_delay": delay,
            "air_time": int(row["air_time"]),
        }


def planned(row: Row, flight: Event, departure: datetime, arrival: datetime) -> Event:
    """The schedule of a flight."""
    return {
        **_envelope(flight, events.PLANNED, departure - KNOWN_BEFORE),
        **flight,
        "scheduled_arrival": instant(arrival),
        "sched_dep_time": int(row["sched_dep_time"]),
        "sched_arr_time": int(row["sched_arr_time"]),
        "distance": int(row["distance"]),
    }


def identify(row: Row, departure: datetime) -> Event:
    """The fields that say which flight it is."""
    day = date(int(row["year"]), int(row["month"]), int(row["day"])).isoformat()
    carrier, number, origin = row["carrier"], int(row["flight"]), row["origin"]
    return {
        "flight_id": events.flight_id(
            flight_date=day, carrier=carrier, flight=number, origin=origin
        ),
        "flight_date": day,
        "carrier": carrier,
        "flight": number,
        "origin": origin,
        "dest": row["dest"],
        "scheduled_departure": instant(departure),
    }


def scheduled_arrival(departure: datetime, destination: str, clock: int) -> datetime:
    """The first moment after departure at which the destination's clock shows hhmm."""
    zone = _zone(airport_zones()[destination])
    midnight = datetime.combine(departure.astimezone(zone).date(), datetime.min.time(), zone)
    # Wall-clock arithmetic: a day later is the same time on the clock, also where clocks change.
    local = midnight + timedelta(hours=clock // 100, minutes=clock % 100)
    if local.astimezone(UTC) <= departure:
        local += timedelta(days=1)
    return local.astimezone(UTC)


def earliest_event(day: date) -> str:
    """No event of a flight of that day, or of a later one, is known before."""
    midnight = datetime.combine(day, datetime.min.time(), _zone(NEW_YORK))
    return instant(midnight.astimezone(UTC) - KNOWN_BEFORE)


def _envelope(flight: Event, event_type: str, known: datetime) -> Event:
    return events.envelope(flight["flight_id"], event_type, instant(known))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
