"""The weather of an hour at an airport: known when the hour is over.

The data names the hour and not the minute of the observation; stations report some ten minutes
before the hour's end. Later than observed is honest, earlier would be a forecast.
"""

from datetime import datetime, timedelta

from pipeline.contracts import events
from pipeline.contracts.events import Event
from pipeline.producers.flights import instant
from pipeline.producers.tables import MISSING, Row

HOUR = timedelta(hours=1)
MEASURES = (
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
)


def tell(row: Row) -> Event:
    """The event of an observation; the data's odd values too (a wind of 1,048 mph)."""
    observed_at, origin = row["time_hour"], row["origin"]
    known = instant(datetime.fromisoformat(observed_at) + HOUR)
    subject = events.weather_id(observed_at=observed_at, origin=origin)
    return {
        **events.envelope(subject, events.WEATHER, known),
        "origin": origin,
        "observed_at": observed_at,
        **{name: None if row[name] == MISSING else float(row[name]) for name in MEASURES},
    }
