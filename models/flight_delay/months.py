"""What the loop was worth, a SageMaker processing job: months of flights that were scored as they
came, by whichever model was in service, against what the first model says of the same flights.

    python -m models.flight_delay.months --flights F --scored S --static A.tar.gz --output FOLDER

It leaves `months.json`: by month, and `all` together, the metrics of `static` and of `looped`, and
the versions that answered.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from models.flight_delay import dataset
from models.flight_delay.compare import Contender, own_answers
from models.flight_delay.evaluate import metrics
from pipeline.contracts.features import LABEL

LOG = logging.getLogger("months")

MONTHS = "months.json"
ALL = "all"


class NothingScoredError(ValueError):
    """No scored flight has an outcome."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments: a misspelled one ends it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--flights", type=Path, required=True, help="folder of processed flights")
    parser.add_argument("--scored", type=Path, required=True, help="folder of JSON lines")
    parser.add_argument("--static", type=Path, required=True, help="the first model's model.tar.gz")
    parser.add_argument("--output", type=Path, required=True)
    return parser.parse_args(given)


def scored(folder: Path) -> pd.DataFrame:
    """Flight, probability and version of each answer; of two for one flight the first counts."""
    found = [
        json.loads(line)
        for path in sorted(folder.rglob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    if not found:
        raise NothingScoredError(f"there is no scored flight in {folder}")
    names = ["flight_id", "probability", "model_version", "predicted_at"]
    answers = pd.DataFrame(found)[names].sort_values("predicted_at", kind="stable")
    return answers.drop_duplicates("flight_id")


def compare(flights: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """By month and together; `flights` has the outcome, `probability`, `static` and the version."""
    months = flights["flight_date"].map(lambda day: f"{day:%Y-%m}")
    parts = {month: flights[months == month] for month in sorted(set(months))}
    return {name: _row(part) for name, part in {**parts, ALL: flights}.items()}


def _row(part: pd.DataFrame) -> dict[str, Any]:
    late = part[LABEL].to_numpy(dtype=bool)
    counts = part["model_version"].value_counts().sort_index()
    return {
        "flights": len(part),
        "versions": {str(version): int(count) for version, count in counts.items()},
        "static": metrics(late, part["static"].to_numpy()),
        "looped": metrics(late, part["probability"].to_numpy()),
    }


def look(asked: argparse.Namespace, work: Path) -> dict[str, dict[str, Any]]:
    """Join the answers with their outcomes, and ask the first model."""
    flights = dataset.read(asked.flights)
    joined = flights.merge(scored(asked.scored), on="flight_id", validate="one_to_one")
    if joined.empty:
        raise NothingScoredError("no scored flight has an outcome yet")
    path = work / "flights.parquet"
    joined.to_parquet(path)
    static = own_answers(Contender(asked.static, work / "static").folder, path)
    return compare(joined.assign(static=static))


def main() -> None:
    """Compare, leave the table, tell it."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asked = arguments()
    with tempfile.TemporaryDirectory() as work:
        found = look(asked, Path(work))
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / MONTHS).write_text(json.dumps(found, indent=1))
    for name, row in found.items():
        told = (f"{kind} AUC {row[kind]['auc'] or 0:.4f}" for kind in ("static", "looped"))
        LOG.info("%s: %d flights, %s", name, row["flights"], ", ".join(told))


if __name__ == "__main__":
    main()
