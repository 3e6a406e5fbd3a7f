"""What the monitoring template tells its functions through their environment."""

import os
from dataclasses import dataclass, field


def _variable(name: str) -> str:
    return field(default_factory=lambda: os.environ[name])


def _number(name: str) -> int:
    return field(default_factory=lambda: int(os.environ[name]))


@dataclass(frozen=True)
class ScoreSettings:
    """Whom to ask about which flights, and who goes on afterwards."""

    endpoint: str = _variable("ENDPOINT")
    lake_bucket: str = _variable("LAKE_BUCKET")
    function: str = _variable("AWS_LAMBDA_FUNCTION_NAME")
    start_monitor: str = _variable("START_MONITOR_FUNCTION")


@dataclass(frozen=True)
class MonitorSettings:
    """Which windows, and what a job runs as."""

    endpoint: str = _variable("ENDPOINT")
    lake_bucket: str = _variable("LAKE_BUCKET")
    window_days: int = _number("WINDOW_DAYS")
    image_uri: str = _variable("IMAGE_URI")
    role_arn: str = _variable("ROLE_ARN")
    source_uri: str = _variable("SOURCE_URI")
    instance_type: str = _variable("INSTANCE_TYPE")


@dataclass(frozen=True)
class RetrainingSettings:
    """What is started, and how seldom."""

    endpoint: str = _variable("ENDPOINT")
    lake_bucket: str = _variable("LAKE_BUCKET")
    pipeline: str = _variable("PIPELINE")
    cooldown_days: int = _number("COOLDOWN_DAYS")
    """Of event time."""
    cooldown_minutes: int = _number("COOLDOWN_MINUTES")
    """Of the clock on the wall."""
    new_data_days: int = _number("NEW_DATA_DAYS")
    """Of event time; 0 never retrains for its age alone."""
