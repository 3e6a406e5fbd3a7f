"""What the model may know of a flight two hours before it should leave, and what became of it.

The columns of the processed table, in order: `KEYS`, `FEATURES`, `OUTCOMES`. The Spark job writes
them, the warehouse loads them, training reads them, the endpoint asks for `FEATURES` by name.

Every feature is a function of events whose `event_time` is at or before the score time. A window of
h hours reads (score time - h, score time]: an event at exactly the score time is known, one exactly
h hours older is not counted any more. A mean or share of nothing is null, a count of nothing is 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SCORE_LEAD = timedelta(hours=2)
"""A flight is scored this long before its scheduled departure."""

LATE_MINUTES = 15
"""A flight is late when it departs or arrives more than this after its schedule."""

OVERDUE_FORGOTTEN = timedelta(hours=6)
"""A flight that has not left this long after its schedule no longer counts as overdue: cancelled
flights are never announced as such.
"""

WEATHER_STALE = timedelta(hours=6)
"""An observation that became known longer ago than this says nothing any more."""

HIGHEST_WIND_MPH = 200.0
"""A wind above this is a broken instrument (the data holds one of 1,048 mph): read as unknown."""

TEXT, WHOLE, NUMBER, FLAG, DAY, INSTANT = "string", "int", "double", "boolean", "date", "timestamp"
"""Types as the Glue catalog and Redshift name them; instants are UTC without a zone."""


@dataclass(frozen=True)
class Column:
    """One column of the processed table."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Rolling:
    """A feature that sums events of the same key in a window that ends at the score time.

    `of` names the events: `departed` and `arrived` are weighed by their delay; `overdue` counts the
    flights that should have left and have not; `scheduled` counts the plans in the hour before and
    the hour after the scheduled departure. The last two have no window of their own (`hours` is 0).
    """

    name: str
    of: str
    by: tuple[str, ...]
    measure: str
    hours: int
    meaning: str

    @property
    def type(self) -> str:
        return WHOLE if self.measure == COUNT else NUMBER


DEPARTED, ARRIVED, OVERDUE, SCHEDULED = "departed", "arrived", "overdue", "scheduled"
COUNT, MEAN_DELAY, LATE_SHARE = "count", "mean_delay", "late_share"
DAYS_28 = 28 * 24

KEYS = (
    Column("flight_id", TEXT, "date, carrier, number and origin: 2013-01-01/UA/1545/EWR"),
    Column("flight_date", DAY, "scheduled day of departure in New York"),
    Column("flight", WHOLE, "flight number"),
    Column("scheduled_departure", INSTANT, "UTC"),
    Column("scheduled_arrival", INSTANT, "UTC"),
    Column("score_time", INSTANT, "UTC; two hours before the scheduled departure"),
)

SCHEDULE = (
    Column("carrier", TEXT, "airline, IATA code"),
    Column("origin", TEXT, "airport of departure, FAA code"),
    Column("dest", TEXT, "airport of arrival, FAA code"),
    Column("distance", WHOLE, "miles"),
    Column("departure_minute", WHOLE, "scheduled departure, minute of the day at the origin"),
    Column("arrival_minute", WHOLE, "scheduled arrival, minute of the day at the destination"),
    Column("scheduled_minutes", WHOLE, "scheduled time from gate to gate"),
    Column("day_of_week", WHOLE, "1 Monday to 7 Sunday, of the scheduled day in New York"),
)

_ROUTE, _FLIGHT = ("origin", "dest"), ("carrier", "flight", "origin", "dest")
_ORIGIN, _LINE, _DEST, _CARRIER = ("origin",), ("origin", "carrier"), ("dest",), ("carrier",)

ROLLING = (
    Rolling("origin_scheduled", SCHEDULED, _ORIGIN, COUNT, 0, "departures planned around this one"),
    Rolling("route_late_share_28d", ARRIVED, _ROUTE, LATE_SHARE, DAYS_28, "late arrivals"),
    Rolling("route_mean_delay_28d", ARRIVED, _ROUTE, MEAN_DELAY, DAYS_28, "arrival delay, min"),
    Rolling("carrier_late_share_28d", ARRIVED, _CARRIER, LATE_SHARE, DAYS_28, "late arrivals"),
    Rolling("flight_late_share_28d", ARRIVED, _FLIGHT, LATE_SHARE, DAYS_28, "same flight number"),
    Rolling("flight_mean_delay_28d", ARRIVED, _FLIGHT, MEAN_DELAY, DAYS_28, "same flight number"),
    Rolling("origin_late_share_24h", ARRIVED, _ORIGIN, LATE_SHARE, 24, "of what left here"),
    Rolling("origin_mean_arrival_delay_6h", ARRIVED, _ORIGIN, MEAN_DELAY, 6, "of what left here"),
    Rolling("carrier_mean_delay_6h", ARRIVED, _CARRIER, MEAN_DELAY, 6, "arrivals, all origins"),
    Rolling("dest_arrivals_6h", ARRIVED, _DEST, COUNT, 6, "from the three origins"),
    Rolling("dest_mean_delay_6h", ARRIVED, _DEST, MEAN_DELAY, 6, "arrivals at the destination"),
    Rolling("dest_late_share_6h", ARRIVED, _DEST, LATE_SHARE, 6, "arrivals at the destination"),
    Rolling("dest_overdue", OVERDUE, _DEST, COUNT, 0, "flights to the destination"),
    Rolling("origin_departures_2h", DEPARTED, _ORIGIN, COUNT, 2, "departures"),
    Rolling("origin_mean_delay_2h", DEPARTED, _ORIGIN, MEAN_DELAY, 2, "departure delay, min"),
    Rolling("origin_late_share_2h", DEPARTED, _ORIGIN, LATE_SHARE, 2, "late departures"),
    Rolling("origin_departures_6h", DEPARTED, _ORIGIN, COUNT, 6, "departures"),
    Rolling("origin_mean_delay_6h", DEPARTED, _ORIGIN, MEAN_DELAY, 6, "departure delay, min"),
    Rolling("origin_late_share_6h", DEPARTED, _ORIGIN, LATE_SHARE, 6, "late departures"),
    Rolling("origin_overdue", OVERDUE, _ORIGIN, COUNT, 0, "flights"),
    Rolling("line_departures_2h", DEPARTED, _LINE, COUNT, 2, "of the carrier at the origin"),
    Rolling("line_mean_delay_2h", DEPARTED, _LINE, MEAN_DELAY, 2, "of the carrier at the origin"),
    Rolling("line_late_share_2h", DEPARTED, _LINE, LATE_SHARE, 2, "of the carrier at the origin"),
    Rolling("line_mean_delay_6h", DEPARTED, _LINE, MEAN_DELAY, 6, "of the carrier at the origin"),
    Rolling("line_late_share_6h", DEPARTED, _LINE, LATE_SHARE, 6, "of the carrier at the origin"),
    Rolling("line_overdue", OVERDUE, _LINE, COUNT, 0, "of the carrier at the origin"),
)

WEATHER = (
    Column("temp", NUMBER, "air, Fahrenheit"),
    Column("dewp", NUMBER, "dew point, Fahrenheit"),
    Column("humid", NUMBER, "relative humidity, per cent"),
    Column("wind_dir", NUMBER, "degrees"),
    Column("wind_speed", NUMBER, "mph"),
    Column("wind_gust", NUMBER, "mph"),
    Column("precip", NUMBER, "inches in the hour"),
    Column("pressure", NUMBER, "sea level, millibar"),
    Column("visib", NUMBER, "miles"),
)
"""The last observation at the origin that was known at the score time."""

FEATURES = (*SCHEDULE, *(Column(r.name, r.type, r.meaning) for r in ROLLING), *WEATHER)

LABEL = "late"

OUTCOMES = (
    Column(LABEL, FLAG, "the label: arrived more than 15 minutes late; null while not arrived"),
    Column("status", TEXT, "planned (later: cancelled), departed (later: diverted), arrived"),
    Column("departed_at", INSTANT, "UTC"),
    Column("arrived_at", INSTANT, "UTC"),
    Column("dep_delay", WHOLE, "minutes"),
    Column("arr_delay", WHOLE, "minutes"),
    Column("air_time", WHOLE, "minutes"),
    Column("tailnum", TEXT, "aircraft; known at departure, so never a feature"),
    Column("aircraft_year", WHOLE, "year of manufacture; null for one flight in six"),
    Column("aircraft_manufacturer", TEXT, ""),
    Column("aircraft_model", TEXT, ""),
    Column("aircraft_seats", WHOLE, ""),
    Column("dest_name", TEXT, "name of the destination; null for four airports"),
)

COLUMNS = (*KEYS, *FEATURES, *OUTCOMES)
"""The processed table; its partition, `month=2013-01` of the flight's day, is a folder only."""

PARTITION = "month"

FEATURE_NAMES = tuple(column.name for column in FEATURES)
CATEGORIES = tuple(column.name for column in FEATURES if column.type == TEXT)


def score_time(scheduled_departure: datetime) -> datetime:
    """When a flight is scored."""
    return scheduled_departure - SCORE_LEAD


def clock_minute(hhmm: int) -> int:
    """The minute of the day of a clock reading: 515 is 5:15, minute 315; 2400 is minute 0."""
    return (hhmm // 100 * 60 + hhmm % 100) % 1440


def is_late(delay_minutes: int) -> bool:
    """Whether a delay makes a flight late."""
    return delay_minutes > LATE_MINUTES


def schedule_features(planned: Mapping[str, Any]) -> dict[str, Any]:
    """The features that a `planned` event alone decides; the others are the stream's."""
    departure = _instant(planned["scheduled_departure"])
    arrival = _instant(planned["scheduled_arrival"])
    return {
        "carrier": planned["carrier"],
        "origin": planned["origin"],
        "dest": planned["dest"],
        "distance": planned["distance"],
        "departure_minute": clock_minute(planned["sched_dep_time"]),
        "arrival_minute": clock_minute(planned["sched_arr_time"]),
        "scheduled_minutes": int((arrival - departure).total_seconds() // 60),
        "day_of_week": datetime.fromisoformat(planned["flight_date"]).isoweekday(),
    }


def _instant(text: str) -> datetime:
    # Python 3.10, which AWS's scikit-learn container runs, does not read a Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
