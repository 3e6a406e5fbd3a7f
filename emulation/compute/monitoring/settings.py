"""What the analyzer is asked, from its environment, as the user guide names the variables."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

METRICS_FILE = "/opt/ml/output/metrics/cloudwatch"
MESSAGE_FILE = "/opt/ml/output/message"
FAILURE_FILE = "/opt/ml/output/failure"

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the analyzer."""

    dataset_format: dict[str, Any]
    dataset_source: Path
    output_path: Path
    analysis_type: str = "DATA_QUALITY"
    baseline_constraints: Path | None = None
    baseline_statistics: Path | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    endpoint: str | None = None
    schedule: str | None = None
    emit_metrics: bool = False
    ground_truth_source: Path | None = None
    problem_type: str | None = None
    inference_attribute: str | None = None
    probability_attribute: str | None = None
    ground_truth_attribute: str | None = None
    probability_threshold: float = 0.5


def here(path: str) -> Path:
    """A path of the contract, where the system gives no `/opt/ml` of one's own too."""
    return BASE / path.removeprefix("/opt/ml/") if path.startswith("/opt/ml/") else Path(path)


def read(environment: dict[str, str]) -> Settings:
    """The settings.

    Raises:
        KeyError: a variable is missing.
        ValueError: one cannot be read.
    """

    def path(name: str) -> Path | None:
        return here(environment[name]) if environment.get(name) else None

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(environment[name]) if environment.get(name) else None

    def text(name: str) -> str | None:
        return environment.get(name) or None

    return Settings(
        dataset_format=json.loads(environment["dataset_format"]),
        dataset_source=here(environment["dataset_source"]),
        output_path=here(environment["output_path"]),
        analysis_type=environment.get("analysis_type", "DATA_QUALITY"),
        baseline_constraints=path("baseline_constraints"),
        baseline_statistics=path("baseline_statistics"),
        start_time=time("start_time"),
        end_time=time("end_time"),
        endpoint=text("sagemaker_endpoint_name"),
        schedule=text("sagemaker_monitoring_schedule_name"),
        emit_metrics=environment.get("publish_cloudwatch_metrics") == "Enabled",
        ground_truth_source=path("ground_truth_source"),
        problem_type=text("problem_type"),
        inference_attribute=text("inference_attribute"),
        probability_attribute=text("probability_attribute"),
        ground_truth_attribute=text("ground_truth_attribute"),
        probability_threshold=float(environment.get("probability_threshold_attribute") or 0.5),
    )


def environment() -> dict[str, str]:
    """This process's environment."""
    return dict(os.environ)
