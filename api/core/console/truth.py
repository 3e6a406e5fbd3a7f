"""Predictions beside what became of the flights.

The outcome is the arrival that the stream has told, as it lies in the lake: it is there hours
before the warehouse has it, and reading it wakes no workgroup that costs money. Two lists: the
newest predictions, of which most flights are still in the air, and the newest arrivals of the last
day that was predicted, with the tally of that day.
"""

import json
from typing import Any

from api.core.archive import PREFIX, Archive
from api.core.deployment import Clients, Deployment
from api.core.documents import Documents
from pipeline.contracts.events import ARRIVED, raw_key
from pipeline.contracts.features import LATE_MINUTES

SHOWN = 14
KEPT = 64
DAY_LENGTH = len("2013-12-31")

SHOWN_FIELDS = (
    *("prediction_id", "predicted_at", "flight_id", "carrier", "flight", "origin", "dest"),
    *("scheduled_departure", "probability", "late"),
)

Line = dict[str, Any]


class Truth:
    """Joins predictions and arrivals, day by day."""

    def __init__(self, clients: Clients, archive: Archive) -> None:
        self._archive = archive
        self._arrivals = Documents(clients, _by_flight, KEPT)
        self._predictions = Documents(clients, _lines, KEPT)

    def read(self, deployment: Deployment) -> dict[str, Any]:
        """The newest predictions, and the newest that can be held against the truth."""
        newest = self._archive.last(SHOWN)
        bucket = deployment.outputs.get("LakeBucket")
        days = sorted({day for line in newest if (day := _day(line))}, reverse=True)
        if bucket is None or not days:
            return {"predictions": [_shown(line, None) for line in newest], "day": None}
        arrived = {day: self._arrived(bucket, day) for day in days}
        return {
            "predictions": [
                _shown(line, arrived.get(_day(line), {}).get(line["flight_id"])) for line in newest
            ],
            "day": self._settled(bucket, days[0], arrived[days[0]]),
        }

    def _arrived(self, bucket: str, day: str) -> dict[str, Line]:
        # One object holds a day's arrivals, and it is written anew as more of them are told.
        key = raw_key({"event_type": ARRIVED, "flight_date": day})
        found: dict[str, Line] = {}
        for arrivals in self._arrivals.below(bucket, key):
            found |= arrivals
        return found

    def _settled(self, bucket: str, day: str, arrived: dict[str, Line]) -> dict[str, Any]:
        predicted = {
            line["flight_id"]: line
            for lines in self._predictions.below(bucket, f"{PREFIX}date={day}/")
            for line in lines
            if _day(line) == day
        }
        known = [
            _shown(line, arrived[flight]) for flight, line in predicted.items() if flight in arrived
        ]
        known.sort(key=lambda line: str(line["truth"]["at"]), reverse=True)
        return {
            "day": day,
            "predicted": len(predicted),
            "known": len(known),
            "right": sum(line["late"] == line["truth"]["late"] for line in known),
            "late": sum(line["truth"]["late"] for line in known),
            "foretold": sum(line["late"] and line["truth"]["late"] for line in known),
            "called_late": sum(line["late"] for line in known),
            "arrived": known[:SHOWN],
        }


def _day(line: Line) -> str:
    """The flight's day in New York, with which its id begins; "" for a flight without an id."""
    return str(line.get("flight_id") or "")[:DAY_LENGTH]


def _lines(body: bytes) -> list[Line]:
    return [json.loads(line) for line in body.splitlines()]


def _by_flight(body: bytes) -> dict[str, Line]:
    return {
        event["flight_id"]: {
            "at": event["event_time"],
            "arr_delay": event["arr_delay"],
            "late": event["arr_delay"] > LATE_MINUTES,
        }
        for event in _lines(body)
        if event.get("arr_delay") is not None
    }


def _shown(line: Line, truth: Line | None) -> Line:
    return {**{name: line.get(name) for name in SHOWN_FIELDS}, "truth": truth}
