"""What the endpoint answered in a window, flight by flight: captures joined with who was asked for,
and with what became of them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from models.monitoring.lake import Lake
from pipeline.contracts.captures import (
    Capture,
    captures_prefix,
    read_capture,
    scored_prefix,
)
from pipeline.contracts.features import FEATURE_NAMES, LABEL
from pipeline.contracts.monitoring import Window

CLOCKS = timedelta(minutes=5)
"""How far the clocks of those who ask and those who store may be apart."""
NAME = re.compile(rb'"inferenceId"\s*:\s*"([^"\\]+)"')
TRUTH = ["flight_id", LABEL]

Scored = dict[str, Any]
"""A line of a scored object."""


@dataclass(frozen=True)
class Answers:
    """The window's flights that the model version in service answered, and what was left out."""

    flights: pd.DataFrame
    """Features, `probability`, `late` (null where not known), `flight_id`, `flight_date`."""
    model_version: str
    counts: Mapping[str, int]


def read(lake: Lake, endpoint: str, window: Window, processed: str) -> Answers:
    """The answers of a window."""
    asked = list(first_answers(scored(lake, endpoint, window)))
    captured = captures(lake, endpoint, asked)
    version = newest_version(asked)
    rows = [row for row in joined(asked, captured) if row["model_version"] == version]
    counts = {
        "scored": len(asked),
        "of_other_versions": sum(line["model_version"] != version for line in asked),
        "not_captured": sum(line["inference_id"] not in captured for line in asked),
    }
    told = [*FEATURE_NAMES, "probability", "flight_id", "flight_date", "model_version"]
    flights = typed(pd.DataFrame(rows, columns=told))
    months = {f"{day:%Y-%m}" for day in window.dates}
    truth = lake.flights(processed, months, TRUTH)
    return Answers(flights.merge(truth, on="flight_id", how="left"), version, counts)


def typed(flights: pd.DataFrame) -> pd.DataFrame:
    """What was null in a request is unknown here, also where a column has nothing else."""
    for name in FEATURE_NAMES:
        if not any(isinstance(value, str) for value in flights[name].dropna()):
            flights[name] = pd.to_numeric(flights[name])
    flights["flight_date"] = pd.to_datetime(flights["flight_date"]).dt.date
    return flights


def scored(lake: Lake, endpoint: str, window: Window) -> Iterator[Scored]:
    """Who was asked for."""
    for day in window.dates:
        for item in lake.items(scored_prefix(endpoint, day.isoformat())):
            for line in lake.read(item.key).splitlines():
                yield json.loads(line)


def first_answers(lines: Iterable[Scored]) -> Iterator[Scored]:
    """Each flight once: two runs of the scorer at the same time may both have asked for it."""
    seen: set[str] = set()
    for line in sorted(lines, key=lambda line: (line["predicted_at"], line["inference_id"])):
        if line["flight_id"] not in seen:
            seen.add(line["flight_id"])
            yield line


def captures(lake: Lake, endpoint: str, asked: list[Scored]) -> dict[str, Capture]:
    """The captures of the requests, by name. Those of other days lie between them, so objects are
    read in the order of their writing, until all are found.
    """
    wanted = {line["inference_id"] for line in asked}
    if not wanted:
        return {}
    earliest = instant(min(line["predicted_at"] for line in asked)) - CLOCKS
    items = [item for item in lake.items(captures_prefix(endpoint)) if item.modified >= earliest]
    found: dict[str, Capture] = {}
    for item in sorted(items, key=lambda item: item.modified):
        if len(found) == len(wanted):
            break
        for line in lake.read(item.key).splitlines():
            # Parsing a line takes much longer than seeing that nobody asks for it.
            name = NAME.search(line)
            if name and name[1].decode() in wanted - found.keys():
                capture = read_capture(line)
                found |= {capture.inference_id: capture} if capture else {}
    return found


def instant(text: str) -> datetime:
    """An instant of the contract; Python 3.10, of AWS's container, does not read a Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def newest_version(asked: list[Scored]) -> str:
    """The version that answered last."""
    newest = max(asked, key=lambda line: str(line["predicted_at"]), default={"model_version": ""})
    return str(newest["model_version"])


def joined(asked: list[Scored], captured: Mapping[str, Capture]) -> Iterator[dict[str, Any]]:
    """A row for each flight whose request was captured."""
    for line in asked:
        capture = captured.get(line["inference_id"])
        if capture is None:
            continue
        yield {
            **capture.instances[line["row"]],
            "probability": capture.probabilities[line["row"]],
            "flight_id": line["flight_id"],
            "flight_date": line["flight_date"],
            "model_version": line["model_version"],
        }
