"""The year with the stream's features: are they the Glue job's, and how good is the model on them?

    python -m benchmarks.stream_features PROCESSED_FLIGHTS FEATURES_FLIGHTS

The first folder is the processed table as the Glue job makes it without the stream, the second a
copy of `features/flights/`. Trained on January to September, tested on the last quarter.
"""

import argparse
import gzip
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from models.flight_delay import dataset
from models.flight_delay.model import FlightDelayModel, Hyperparameters
from models.flight_delay.train import columns
from pipeline.contracts.features import LABEL
from pipeline.contracts.stream_features import STREAMED

TEST_FROM = date(2013, 10, 1)
FLOOR, LEAK = 0.745, 0.80


def settled(folder: Path) -> pd.DataFrame:
    """The stream's features, by flight."""
    files = sorted(folder.glob("date=*/flights.json.gz"))
    lines = (line for file in files for line in gzip.decompress(file.read_bytes()).splitlines())
    told = ({"flight_id": None, **json.loads(line)} for line in lines)
    return pd.DataFrame(told).set_index("flight_id")[list(STREAMED)].astype("float64")


def different(batch: pd.DataFrame, stream: pd.DataFrame) -> int:
    """How many of the flights that both have differ in any feature."""
    both = batch.set_index("flight_id").index.intersection(stream.index)
    mine = batch.set_index("flight_id").loc[both, list(STREAMED)].astype("float64").to_numpy()
    theirs = stream.loc[both].to_numpy()
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    return int((~same.all(axis=1)).sum())


def with_stream(batch: pd.DataFrame, stream: pd.DataFrame) -> pd.DataFrame:
    """The flights that the stream has settled, with its features."""
    there = batch[batch["flight_id"].isin(stream.index)].copy()
    there[list(STREAMED)] = stream.loc[there["flight_id"]].to_numpy()
    return there


def auc(flights: pd.DataFrame) -> float:
    """Of the last quarter, by a model of the months before."""
    parts = dataset.split(flights, TEST_FROM)
    late = parts.train[LABEL].to_numpy(dtype=bool)
    model = FlightDelayModel.fit(columns(parts.train), late, Hyperparameters())
    answers = model.probabilities(columns(parts.test))
    return float(roc_auc_score(parts.test[LABEL].to_numpy(dtype=bool), answers))


def main() -> int:
    """Compare, train twice, tell; 1 when it is not good enough, or too good to be true."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("processed", type=Path)
    parser.add_argument("features", type=Path)
    asked = parser.parse_args()
    batch, stream = dataset.read(asked.processed), settled(asked.features)
    streamed = with_stream(batch, stream)
    table = Table("", "flights", "different", "AUC, Q4")
    table.add_row("Glue job", f"{len(batch):,}", "", f"{auc(batch):.4f}")
    found = auc(streamed)
    table.add_row("stream", f"{len(streamed):,}", f"{different(batch, stream):,}", f"{found:.4f}")
    Console().print(table)
    return 0 if FLOOR <= found < LEAK else 1


if __name__ == "__main__":
    raise SystemExit(main())
