"""The `/opt/ml` contract: where SageMaker puts what a program reads, and takes what it leaves.

A program in script mode is told the folders by `SM_*` variables; the defaults are the paths of the
container itself. Nothing else in `models` reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODEL_FOLDER = "/opt/ml/model"
TRAIN_CHANNEL = "/opt/ml/input/data/train"

PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""A tracking server that is not there is told within half a minute; MLflow's own default is many
minutes, paid by the instance.
"""

# Threads that wait for work by spinning take the core from the one that works: on two busy cores a
# training took five times as long. OpenMP reads this when scikit-learn loads it, so it is set when
# this module is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@dataclass(frozen=True)
class TrainingSettings:
    """What a training program is told by its container."""

    model_folder: Path
    train_channel: Path
    job_name: str
    tracking_uri: str
    """Where runs are recorded (an address, or an ARN of a managed server); empty: nowhere."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "TrainingSettings":
        """As the container has set them."""
        return cls(
            model_folder=Path(environment.get("SM_MODEL_DIR", MODEL_FOLDER)),
            train_channel=Path(environment.get("SM_CHANNEL_TRAIN", TRAIN_CHANNEL)),
            job_name=environment.get("TRAINING_JOB_NAME", "unnamed"),
            tracking_uri=environment.get("MLFLOW_TRACKING_URI", ""),
        )


def model_version(environment: Mapping[str, str] = os.environ) -> str:
    """The registered version that an endpoint says it serves; empty where it says none."""
    return environment.get("MODEL_VERSION", "")


def be_patient() -> None:
    """Set how long MLflow's client waits, where nobody has."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
