"""From a flight as people name it to its prediction, written down in the lake."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.core.archive import Archive
from api.core.clock import now, told
from api.core.deployment import Clients
from api.core.endpoint import ask
from pipeline.contracts.events import flight_id
from pipeline.contracts.features import FEATURE_NAMES

ORIGIN_ZONE = ZoneInfo("America/New_York")
"""The three airports of the data keep New York's time."""


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
    def id(self) -> str:
        """Its name everywhere in the pipeline."""
        return flight_id(
            flight_date=f"{self.local_departure:%Y-%m-%d}",
            carrier=self.carrier,
            flight=self.flight,
            origin=self.origin,
        )

    def features(self) -> dict[str, Any]:
        """The model's input: every feature of the contract, null where nobody knows it."""
        local = self.local_departure
        derived = {
            "carrier": self.carrier,
            "origin": self.origin,
            "dest": self.dest,
            "departure_minute": local.hour * 60 + local.minute,
            "day_of_week": local.isoweekday(),
        }
        known = {**derived, **self.known}
        return {name: known.get(name) for name in FEATURE_NAMES}


@dataclass(frozen=True, slots=True)
class Predicted:
    """The predictions of one request; `unrecorded` says why they are not in the lake."""

    records: tuple[dict[str, Any], ...]
    unrecorded: str


def predict(
    clients: Clients, endpoint: str, archive: Archive, flights: Sequence[Flight]
) -> Predicted:
    """Ask the endpoint and write down what it answered; a prediction that cannot be written down
    is still given.
    """
    features = [flight.features() for flight in flights]
    answers = ask(clients, endpoint, features)
    at, request_id = now(), uuid.uuid4().hex[:12]
    records = tuple(
        {
            "prediction_id": f"{request_id}-{position}",
            "predicted_at": told(at),
            "flight_id": flight.id,
            "carrier": flight.carrier,
            "flight": flight.flight,
            "origin": flight.origin,
            "dest": flight.dest,
            "scheduled_departure": f"{flight.local_departure.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "probability": answer.probability,
            "late": answer.late,
            "endpoint": endpoint,
            "variant": answers.variant,
            "features": asked,
        }
        for position, (flight, asked, answer) in enumerate(
            zip(flights, features, answers.predictions, strict=True)
        )
    )
    return Predicted(records, archive.write(records, at, request_id))
