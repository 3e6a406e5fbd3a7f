"""The record of a training in MLflow: parameters, metrics, the evaluation.

Where a tracking server is configured, a training that cannot be recorded fails, and it does so
before it trains. Where none is, nothing is recorded and the log says so.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from models.container.settings import TrainingSettings, be_patient

LOG = logging.getLogger(__name__)

EXPERIMENT = "flight-delay"


class TrackingError(RuntimeError):
    """The tracking server does not take the record."""


class Record(Protocol):
    """What a training tells of itself."""

    run_id: str | None

    def parameters(self, values: Mapping[str, Any]) -> None:
        """What it was started with."""

    def metrics(self, values: Mapping[str, float]) -> None:
        """What came out."""

    def file(self, path: Path) -> None:
        """A file beside them."""


class NoRecord:
    """For trainings that nobody records."""

    run_id: str | None = None

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Not recorded."""

    def metrics(self, values: Mapping[str, float]) -> None:
        """Not recorded."""

    def file(self, path: Path) -> None:
        """Not recorded."""


class MlflowRecord:
    """One run of the experiment."""

    def __init__(self, mlflow: Any, run_id: str) -> None:
        self._mlflow = mlflow
        self.run_id: str | None = run_id

    def parameters(self, values: Mapping[str, Any]) -> None:
        """As MLflow's parameters."""
        self._mlflow.log_params(dict(values))

    def metrics(self, values: Mapping[str, float]) -> None:
        """As MLflow's metrics."""
        self._mlflow.log_metrics(dict(values))

    def file(self, path: Path) -> None:
        """As an artifact."""
        self._mlflow.log_artifact(str(path))


@contextmanager
def recorded(settings: TrainingSettings) -> Iterator[Record]:
    """The run that this training is recorded in; it ends FAILED when the training raises."""
    if not settings.tracking_uri:
        LOG.info("MLFLOW_TRACKING_URI is not set: this training is not recorded")
        yield NoRecord()
        return
    be_patient()
    import mlflow

    try:
        mlflow.set_tracking_uri(settings.tracking_uri)
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=settings.job_name) as run:
            LOG.info("mlflow_run_id=%s;", run.info.run_id)
            mlflow.set_tag("training_job", settings.job_name)
            yield MlflowRecord(mlflow, run.info.run_id)
    except mlflow.exceptions.MlflowException as error:
        raise TrackingError(f"MLflow at {settings.tracking_uri} failed: {error}") from error
