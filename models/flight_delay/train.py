"""The training program of script mode: `python models/flight_delay/train.py --test_from ...`.

It defines no class, because what is defined in a program that is run by path is pickled under
`__main__` and cannot be loaded where the model is served.
"""

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from models.container.archive import ship_code
from models.container.settings import TrainingSettings
from models.flight_delay import dataset, evaluate, tracking
from models.flight_delay.model import FlightDelayModel, Hyperparameters
from pipeline.contracts.features import LABEL

LOG = logging.getLogger("train")

PACKAGE = "models/flight_delay"
ENTRY = "from models.flight_delay.inference import model_fn, transform_fn\n"
PREDICTIONS = "predictions.parquet"
EVALUATION = "evaluation.json"
HEADLINES = ("auc", "pr_auc", "brier", "accuracy", "calibration")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's hyperparameters: a misspelled one ends it."""
    defaults = Hyperparameters()
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--test_from", type=date.fromisoformat, required=True)
    parser.add_argument("--rounds", type=int, default=defaults.rounds)
    parser.add_argument("--learning_rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--min_samples_leaf", type=int, default=defaults.min_samples_leaf)
    parser.add_argument("--max_features", type=float, default=defaults.max_features)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--minimum_auc", type=float, default=0.0)
    parser.add_argument("--maximum_auc", type=float, default=evaluate.LEAK_AUC)
    # A tuning job adds this one to what it was given.
    parser.add_argument("--_tuning_objective_metric", help=argparse.SUPPRESS)
    return parser.parse_args(given)


def hyperparameters(asked: argparse.Namespace) -> Hyperparameters:
    """Those of the model itself."""
    return Hyperparameters(**{name: getattr(asked, name) for name in asdict(Hyperparameters())})


def columns(flights: pd.DataFrame) -> dict[str, Any]:
    """The features as the model takes them, from a frame as from a request."""
    return {name: flights[name] for name in flights.columns if name != LABEL}


def train(asked: argparse.Namespace, settings: TrainingSettings, record: tracking.Record) -> None:
    """Read, fit, evaluate, leave everything, and only then judge."""
    parts = dataset.split(dataset.read(settings.train_channel), asked.test_from)
    record.parameters({**vars(asked), "train_rows": len(parts.train), "test_rows": len(parts.test)})
    started = time.perf_counter()
    late = parts.train[LABEL].to_numpy(dtype=bool)
    model = FlightDelayModel.fit(columns(parts.train), late, hyperparameters(asked))
    seconds = time.perf_counter() - started
    probabilities = model.probabilities(columns(parts.test))
    found = {
        "training_job": settings.job_name,
        "mlflow_run_id": record.run_id,
        "test_from": asked.test_from.isoformat(),
        "hyperparameters": asdict(hyperparameters(asked)),
        "train_rows": len(parts.train),
        "test_rows": len(parts.test),
        "fit_seconds": round(seconds, 2),
        **evaluate.evaluation(parts.test, probabilities),
    }
    leave(settings.model_folder, model, found, parts.test.assign(probability=probabilities))
    tell(found)
    record.metrics({name: found[name] for name in HEADLINES})
    record.file(settings.model_folder / EVALUATION)
    evaluate.judge(found["auc"], asked.minimum_auc, asked.maximum_auc)


def leave(folder: Path, model: FlightDelayModel, found: dict[str, Any], test: pd.DataFrame) -> None:
    """Everything that goes into the model's archive."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    (folder / EVALUATION).write_text(json.dumps(found, indent=1))
    kept = [*dataset.KEYS, LABEL, "probability"]
    test[kept].to_parquet(folder / PREDICTIONS, index=False)
    ship_code(folder, PACKAGE, ENTRY)


def tell(found: dict[str, Any]) -> None:
    """One line a metric, for the job's regular expressions."""
    for name in ("train_rows", "test_rows"):
        LOG.info("%s=%d;", name, found[name])
    for name in HEADLINES:
        LOG.info("%s=%.6f;", name, found[name])
    for month, of_month in found["months"].items():
        shown = ", ".join(f"{name} {of_month[name]:.4f}" for name in HEADLINES if of_month[name])
        LOG.info("in %s: %s", month, shown)


def main() -> None:
    """Run the training."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asked, settings = arguments(), TrainingSettings.from_environment()
    with tracking.recorded(settings) as record:
        train(asked, settings, record)


if __name__ == "__main__":
    main()
