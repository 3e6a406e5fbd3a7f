"""Once there is a delivery, it alone decides what serves."""

import pytest

from pipeline.config import Settings
from pipeline.deploy.execute import Deployer
from pipeline.orchestration import release
from pipeline.orchestration.run import Run
from pipeline.orchestration.serving import Served

PACKAGE = "arn:aws:sagemaker:us-east-1:000000000000:model-package/t-flight-delay/4"


class Quiet:
    def say(self, text):
        """Nothing."""


@pytest.fixture
def run():
    return Run(Settings(name="tt"), 90, Deployer("tt", 1, {"EndpointName": "tt"}))


@pytest.fixture
def stacks(monkeypatch):
    """The stacks that are there, and version 4 in service."""
    there = set()
    monkeypatch.setattr(release, "describe_stack", lambda name: name in there or None)
    monkeypatch.setattr(release, "served", lambda *_: Served("s3://a/model.tar.gz", PACKAGE))
    monkeypatch.setattr(release, "train", lambda *_: "trained")
    return there


def test_first_models_are_trained_by_the_operator(run, stacks):
    assert release.train_first(run, Quiet()) == "trained"


def test_delivered_model_stays_however_often_up_is_called(run, stacks):
    stacks.add("tt-delivery")
    assert release.train_first(run, Quiet()) == "left to the delivery, whose version 4 serves"
    assert release.release(run, Quiet()) == "version 4 serves and stays"
    assert run.deployer.known["ModelPackageArn"] == PACKAGE
    assert run.deployer.known["ModelVersion"] == "4"


def test_delivery_without_an_endpoint_leaves_the_first_model_to_the_operator(
    run, stacks, monkeypatch
):
    stacks.add("tt-delivery")
    monkeypatch.setattr(release, "served", lambda *_: None)
    assert release.train_first(run, Quiet()) == "trained"
