"""What `up` ends with: the addresses of this deployment, and commands that work as they stand."""

import shlex

import pytest

from pipeline.config import Settings
from pipeline.deploy.execute import Deployer
from pipeline.orchestration import addresses
from pipeline.orchestration.run import Run

OUTPUTS = {
    "UpstreamUrl": "http://balancer",
    "ApiUrl": "https://abc.execute-api.us-east-1.amazonaws.com/live",
    "ApiId": "abc",
    "ApiStage": "live",
    "ApiKeyId": "key1",
    "LakeBucket": "lake",
}


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return Run(Settings(), 20, Deployer("t", 1, OUTPUTS))


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("", "https://abc.execute-api.us-east-1.amazonaws.com/live"),
        ("http://localhost:4566", "http://abc.execute-api.localhost:4566/live"),
        ("http://127.0.0.1:4566", "http://abc.execute-api.localhost:4566/live"),
        ("http://emulator:4566", "http://abc.execute-api.emulator:4566/live"),
    ],
)
def test_api_is_where_the_endpoint_is(run, monkeypatch, endpoint, address):
    monkeypatch.setenv("AWS_ENDPOINT", endpoint)
    assert addresses.gateway_url(run) == address


def test_page_is_where_the_settings_say_or_the_load_balancer(run):
    assert addresses.page_url(run) == "http://balancer"
    run.settings = Settings(api_url="http://localhost:8000")
    assert addresses.page_url(run) == "http://localhost:8000"


@pytest.mark.parametrize("endpoint", ["", "http://localhost:4566"])
def test_commands_are_whole_words_and_ask_with_the_key(run, monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT", endpoint)
    predict, listing, query = addresses.commands(run)
    words = shlex.split(predict)
    assert words[:3] == ["curl", "-s", f"{addresses.gateway_url(run)}/v1/predict"]
    (header,) = [word for word in words if word.startswith("x-api-key: $(")]
    assert header.endswith("--api-key key1)")
    assert ("--endpoint-url" in header, "--endpoint-url" in listing) == (bool(endpoint),) * 2
    assert shlex.split(query)[-1] == addresses.QUESTION
