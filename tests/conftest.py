"""Every test starts from a sealed environment: nothing that is set on the machine reaches it."""

import os

import pytest

SEALED = ("AWS_", "EMULATION_", "PIPELINE_", "API_", "MODELS_", "MLFLOW_")
KEPT = {"AWS_CA_BUNDLE"}


@pytest.fixture(autouse=True)
def sealed_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(SEALED) and name not in KEPT]:
        monkeypatch.delenv(name)
