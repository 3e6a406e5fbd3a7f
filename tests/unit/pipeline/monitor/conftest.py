"""A cloud with the loop's settings."""

import pytest

from tests.unit.pipeline.monitor.cloud import LAKE, Cloud

SETTINGS = {
    "ENDPOINT": "t",
    "LAKE_BUCKET": LAKE,
    "AWS_LAMBDA_FUNCTION_NAME": "t-score-flights",
    "START_MONITOR_FUNCTION": "t-start-monitor",
    "WINDOW_DAYS": "14",
    "IMAGE_URI": "image",
    "ROLE_ARN": "role",
    "SOURCE_URI": "s3://artifacts/bundles/monitoring.tar.gz",
    "INSTANCE_TYPE": "ml.m5.large",
    "PIPELINE": "t-delivery",
    "COOLDOWN_DAYS": "28",
    "COOLDOWN_MINUTES": "0",
    "NEW_DATA_DAYS": "0",
}


@pytest.fixture
def cloud(monkeypatch):
    made = Cloud()
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pipeline.aws.client", made.services.__getitem__)
    return made
