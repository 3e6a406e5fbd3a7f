"""A flight as people name it, and the model's input that is made of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.contracts.events import flight_id
from pipeline.contracts.features import FEATURE_NAMES

ORIGIN_ZONE = ZoneInfo("America/New_York")
"""The three airports of the data keep New York's time."""

NAME = re.compile(r"(\d{4}-\d{2}-\d{2})([/-])([A-Z0-9]{2})\2(\d{1,4})\2([A-Z]{3})")
"""`2013-03-15/UA/1545/EWR`, or with dashes for who cannot have slashes in a path."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A scheduled flight and what else is known of it; `known` holds features by name."""

    carrier: str
    flight: int
    origin: str
    dest: str
    scheduled_departure: datetime
    known: dict[str, Any]

    @property
    def local_departure(self) -> datetime:
        """By the clock of the origin; a time without a zone is one already."""
        if self.scheduled_departure.tzinfo is None:
            return self.scheduled_departure.replace(tzinfo=ORIGIN_ZONE)
        return self.scheduled_departure.astimezone(ORIGIN_ZONE)

    @property
    def instant(self) -> datetime:
        """The departure in UTC."""
        return self.local_departure.astimezone(UTC)

    @property
    def departure(self) -> str:
        """The departure as every instant of the pipeline is written."""
        return f"{self.instant:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def id(self) -> str:
        """Its name everywhere in the pipeline."""
        return flight_id(
            flight_date=f"{self.local_departure:%Y-%m-%d}",
            carrier=self.carrier,
            flight=self.flight,
            origin=self.origin,
        )

    def features(self, looked_up: Mapping[str, Any]) -> dict[str, Any]:
        """The model's input: every feature of the contract, null where nobody knows it. What the
        request says of a feature holds, also that it is null.
        """
        local = self.local_departure
        derived = {
            "carrier": self.carrier,
            "origin": self.origin,
            "dest": self.dest,
            "departure_minute": local.hour * 60 + local.minute,
            "day_of_week": local.isoweekday(),
        }
        known = {**looked_up, **derived, **self.known}
        return {name: known.get(name) for name in FEATURE_NAMES}


def parse_id(text: str) -> str | None:
    """A flight's name as the pipeline has it; None where the text is none."""
    found = NAME.fullmatch(text)
    if found is None:
        return None
    day, _, carrier, number, origin = found.groups()
    try:
        date.fromisoformat(day)
    except ValueError:
        return None
    return flight_id(flight_date=day, carrier=carrier, flight=int(number), origin=origin)
