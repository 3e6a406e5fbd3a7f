"""The gate's program, a SageMaker processing job: champion and challenger answer the latest window.

    python -m models.flight_delay.compare --flights F --challenger C.tar.gz [--champion D.tar.gz]
        --first 2013-03-17 --until 2013-03-31 --output FOLDER

It leaves `report.json`: `outcome` (wins, loses), `reason`, `rules`, both models' metrics, the
slices, and `known_flights`, a few flights with the challenger's answers, by which an endpoint shows
that it is this model that serves. A challenger that loses is a result and no failure of the job.
"""

import argparse
import json
import logging
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.flight_delay import ask_archive, dataset
from models.flight_delay.features import Matrix
from models.flight_delay.gate import Bounds, Verdict, Window, judge
from pipeline.contracts.features import FEATURE_NAMES, LABEL

LOG = logging.getLogger("compare")

REPORT = "report.json"
EVALUATION = "evaluation.json"
SLICES = ("origin", "carrier")
KNOWN_FLIGHTS = 5

Ask = Callable[[Path, Path], Matrix]
"""A model's folder and a file of flights to the probability of each flight."""


class UnusableArchiveError(ValueError):
    """An archive does not answer; the sentence says what its own code said."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments: a misspelled one ends it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--flights", type=Path, required=True, help="folder of processed flights")
    parser.add_argument("--challenger", type=Path, required=True, help="model.tar.gz")
    parser.add_argument("--champion", type=Path, help="model.tar.gz; none while nothing serves")
    parser.add_argument("--first", type=date.fromisoformat, required=True)
    parser.add_argument("--until", type=date.fromisoformat, required=True, help="not in the window")
    parser.add_argument("--output", type=Path, required=True)
    for bound in fields(Bounds):
        kind = type(bound.default)
        parser.add_argument(f"--{bound.name}", type=kind, default=bound.default)
    return parser.parse_args(given)


def bounds_of(asked: argparse.Namespace) -> Bounds:
    """The bounds among the arguments."""
    return Bounds(**{bound.name: getattr(asked, bound.name) for bound in fields(Bounds)})


def window_of(folder: Path, first: date, until: date) -> pd.DataFrame:
    """The flights of the window whose outcome is known."""
    flights = dataset.read(folder)
    days = flights["flight_date"].tolist()
    chosen: pd.DataFrame = flights[[first <= day < until for day in days]]
    return chosen.reset_index(drop=True)


class Contender:
    """A model's archive, unpacked."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")

    @property
    def evaluation(self) -> dict[str, Any]:
        """What its training said of it; empty where it left nothing."""
        path = self.folder / EVALUATION
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    @property
    def trained_until(self) -> date | None:
        """The first day that it was not trained on."""
        told = self.evaluation.get("test_from")
        return date.fromisoformat(told) if told else None


def own_answers(folder: Path, flights: Path) -> Matrix:
    """A model's probabilities, from its own code in a process of its own.

    Raises:
        UnusableArchiveError: it does not answer for every flight.
    """
    told = folder / "answers.json"
    command = [sys.executable, ask_archive.__file__, str(folder), str(flights), str(told)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise UnusableArchiveError(f"the {folder.name} does not answer: {last}")
    return np.array(json.loads(told.read_text()), dtype=np.float64)


def compare(asked: argparse.Namespace, work: Path, ask: Ask = own_answers) -> dict[str, Any]:
    """The report."""
    flights = window_of(asked.flights, asked.first, asked.until)
    sent = work / "window.parquet"
    flights.to_parquet(sent, index=False)
    challenger = Contender(asked.challenger, work / "challenger")
    champion = Contender(asked.champion, work / "champion") if asked.champion else None
    told = ask(challenger.folder, sent)
    window = Window(
        first=asked.first,
        until=asked.until,
        late=flights[LABEL].to_numpy(dtype=bool),
        challenger=told,
        champion=ask(champion.folder, sent) if champion else None,
        champion_trained_until=champion.trained_until if champion else None,
        slices={name: flights[name].to_numpy(dtype=str) for name in SLICES},
    )
    verdict = judge(window, bounds_of(asked))
    return {
        **report(verdict, window, bounds_of(asked)),
        "challenger": {**(verdict.challenger or {}), **origin_of(challenger)},
        "champion": {**(verdict.champion or {}), **origin_of(champion)} if champion else None,
        "known_flights": known_flights(flights, told),
    }


def report(verdict: Verdict, window: Window, bounds: Bounds) -> dict[str, Any]:
    """The verdict as data."""
    return {
        "outcome": "wins" if verdict.wins else "loses",
        "reason": verdict.reason,
        "window": {"first": window.first.isoformat(), "until": window.until.isoformat()},
        "bounds": asdict(bounds),
        "rules": [asdict(rule) for rule in verdict.rules],
        "slices": list(verdict.slices),
    }


def origin_of(contender: Contender) -> dict[str, Any]:
    """Where a model comes from, as its training told."""
    return {
        "training_job": contender.evaluation.get("training_job"),
        "mlflow_run_id": contender.evaluation.get("mlflow_run_id"),
        "trained_until": contender.evaluation.get("test_from"),
    }


def known_flights(flights: pd.DataFrame, answers: Matrix) -> list[dict[str, Any]]:
    """Flights spread over the window, with what the challenger says of them."""
    chosen = np.linspace(0, len(flights) - 1, min(KNOWN_FLIGHTS, len(flights))).astype(int)
    picked = flights.iloc[chosen]
    bodies = ask_archive.requests(picked, FEATURE_NAMES)
    features = [row for body in bodies for row in json.loads(body)["instances"]]
    return [
        {"flight_id": name, "features": row, "probability": float(answers[at])}
        for name, row, at in zip(picked["flight_id"], features, chosen, strict=True)
    ]


def main() -> None:
    """Compare, leave the report, tell it."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asked = arguments()
    with tempfile.TemporaryDirectory() as work:
        found = compare(asked, Path(work))
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / REPORT).write_text(json.dumps(found, indent=1))
    for rule in found["rules"]:
        LOG.info("%s %s: %s", "✓" if rule["passed"] else "✗", rule["name"], rule["sentence"])
    LOG.info("%s", found["reason"])


if __name__ == "__main__":
    main()
