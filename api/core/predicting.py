"""From a flight as people name it to its prediction, written down in the lake."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.core.answers import Answers, Predictor
from api.core.archive import Archive
from api.core.clock import now, told
from api.core.explaining import Variations
from api.core.flight import Flight
from api.core.stream_lookup import NOTHING, Found, StreamLookup

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Predicted:
    """The predictions of one request; `unrecorded` says why they are not in the lake."""

    records: tuple[Record, ...]
    found: tuple[Found, ...]
    effects: tuple[list[dict[str, Any]], ...]
    """Of each flight, where an explanation was asked for."""
    unrecorded: str


@dataclass(frozen=True, slots=True)
class Predicting:
    """Whom to ask, where to look, where to write; `endpoint` is the name that records have."""

    predictor: Predictor
    archive: Archive
    endpoint: str
    lookup: StreamLookup | None

    def predict(self, flights: Sequence[Flight], *, explain: bool = False) -> Predicted:
        """Ask, and write down what was answered; a prediction that cannot be written down is still
        given.
        """
        found = self.lookup.find(flights) if self.lookup else [NOTHING] * len(flights)
        features = [
            flight.features(known.values) for flight, known in zip(flights, found, strict=True)
        ]
        variations = Variations(features)
        answers = self.predictor.ask(variations.instances if explain else features)
        at, request_id = now(), uuid.uuid4().hex[:12]
        records = tuple(
            self._record(flight, features[number], answers, number, at, request_id)
            for number, flight in enumerate(flights)
        )
        effects = tuple(variations.effects(answers)) if explain else ()
        unrecorded = self.archive.write(records, at, request_id)
        return Predicted(records, tuple(found), effects, unrecorded)

    def _record(
        self,
        flight: Flight,
        asked: dict[str, Any],
        answers: Answers,
        number: int,
        at: datetime,
        request_id: str,
    ) -> Record:
        answer = answers.predictions[number]
        return {
            "prediction_id": f"{request_id}-{number}",
            "predicted_at": told(at),
            "flight_id": flight.id,
            "carrier": flight.carrier,
            "flight": flight.flight,
            "origin": flight.origin,
            "dest": flight.dest,
            "scheduled_departure": flight.departure,
            "probability": answer.probability,
            "late": answer.late,
            "endpoint": self.endpoint,
            "variant": answers.variant,
            "model_version": answers.model_version,
            "features": asked,
        }
