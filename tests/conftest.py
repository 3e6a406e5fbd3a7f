"""Every test starts from a sealed environment: no credentials, endpoint or setting of the machine reaches it."""

import os

import pytest

SEALED = ("AWS_", "EMULATION_", "PIPELINE_", "API_", "MODELS_", "MLFLOW_")
KEPT = {"AWS_CA_BUNDLE"}


@pytest.fixture(autouse=True)
def sealed_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(SEALED) and name not in KEPT]:
        monkeypatch.delenv(name)
