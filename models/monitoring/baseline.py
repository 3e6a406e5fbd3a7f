"""A model's baseline, written when it is deployed:

    python3 -m models.monitoring.baseline --lake-bucket B --endpoint E --model-version 3
        --model-data s3://ARTIFACTS/models/JOB/output/model.tar.gz [--window-days 14]

The reference is what the model answered in the days that tested it, as its training has left it in
the archive, and the features of those flights: never a row that it was trained on. Inside its
training rows a model is better than it is (AUC 0.83 where 0.75 is true), so a baseline from them
would call every later day a decay.
"""

import argparse
import io
import logging
import sys
import tarfile
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pandas as pd

from models.monitoring import files, reference
from models.monitoring.lake import Lake
from models.monitoring.reference import HISTORY, Reference
from pipeline.contracts.features import FEATURE_NAMES
from pipeline.contracts.monitoring import (
    CONSTRAINTS,
    REFERENCE,
    STATISTICS,
    baseline_prefix,
    service_key,
)

LOG = logging.getLogger("baseline")

PREDICTIONS = "predictions.parquet"


class UnusableArchiveError(ValueError):
    """The model's archive does not say how the model was tested."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """What is asked; a misspelled argument ends it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--lake-bucket", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--model-version", required=True, help="as the endpoint tells it")
    parser.add_argument("--model-data", required=True, help="s3 address of the archive")
    parser.add_argument("--window-days", type=int, default=14)
    parser.add_argument("--processed-prefix", default="processed/flights/")
    return parser.parse_args(given)


def predictions(archive: bytes) -> pd.DataFrame:
    """The flights that tested the model, with its answers.

    Raises:
        UnusableArchiveError: the archive has none.
    """
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        names = {name.removeprefix("./"): name for name in packed.getnames()}
        file = packed.extractfile(names[PREDICTIONS]) if PREDICTIONS in names else None
        if file is None:
            raise UnusableArchiveError(f"the model's archive has no {PREDICTIONS}")
        return pd.read_parquet(io.BytesIO(file.read()))


def months_around(first: date, until: date, window_days: int) -> set[str]:
    """The months of the tested flights and of the windows before them."""
    oldest = first - timedelta(days=HISTORY * window_days)
    days = (oldest + timedelta(days=number) for number in range((until - oldest).days))
    return {f"{day:%Y-%m}" for day in days}


def build(asked: argparse.Namespace) -> tuple[Reference, pd.DataFrame]:
    """The reference, and the flights it is of."""
    lake = Lake(asked.lake_bucket)
    tested = predictions(read_uri(asked.model_data))
    first, until = min(tested["flight_date"]), max(tested["flight_date"]) + timedelta(days=1)
    months = months_around(first, until, asked.window_days)
    wanted = ["flight_id", "flight_date", *FEATURE_NAMES]
    flights = lake.flights(asked.processed_prefix, months, wanted)
    answered = flights.merge(tested[["flight_id", "late", "probability"]], on="flight_id")
    if len(answered) < len(tested):
        lacking = f"{len(tested) - len(answered)} of {len(tested)} flights that tested the model"
        raise UnusableArchiveError(f"{asked.processed_prefix} lacks {lacking}")
    history = flights[flights["flight_date"] < first]
    built = reference.build(
        answered, history, model_version=asked.model_version, window_days=asked.window_days
    )
    return built, answered


def read_uri(uri: str) -> bytes:
    """An object by its address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return Lake(bucket).read(key)


def service(
    asked: argparse.Namespace, built: Reference, before: dict[str, Any] | None
) -> dict[str, Any]:
    """`service.json`: flights are scored from where the first model's test ended."""
    until = built.until.isoformat()
    return {
        "model_version": asked.model_version,
        "model_data": asked.model_data,
        "tested_from": built.first.isoformat(),
        "tested_until": until,
        "scored_from": (before or {}).get("scored_from", until),
        "at": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",  # noqa: UP017 (Python 3.10)
    }


def main() -> None:
    """Write the baseline, and then that it holds."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asked = arguments()
    lake = Lake(asked.lake_bucket)
    built, flights = build(asked)
    prefix = baseline_prefix(asked.endpoint, asked.model_version)
    lake.write_json(f"{prefix}{STATISTICS}", files.statistics(flights))
    lake.write_json(f"{prefix}{CONSTRAINTS}", files.constraints(built, flights))
    lake.write_json(f"{prefix}{REFERENCE}", built.as_json())
    key = service_key(asked.endpoint)
    lake.write_json(key, service(asked, built, lake.read_json(key)))
    LOG.info(
        "baseline of %s: %d flights of %s to %s", prefix, len(flights), built.first, built.until
    )


if __name__ == "__main__":
    main()
