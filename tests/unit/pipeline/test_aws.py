"""One switch decides where the application goes."""

import pytest

from pipeline import aws


@pytest.fixture(autouse=True)
def fresh_clients():
    aws.forget_clients()
    yield
    aws.forget_clients()


def test_without_the_switch_it_is_aws_itself(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = aws.client("sqs")
    assert client.meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"
    assert aws.endpoint_url() is None


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT", "AWS_ENDPOINT_URL"])
def test_switch_sends_every_service_there_by_path(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://localhost:1")
    s3 = aws.client("s3")
    assert (aws.endpoint_url(), s3.meta.endpoint_url) == ("http://localhost:1",) * 2
    assert s3.meta.config.s3["addressing_style"] == "path"


def test_empty_switch_is_aws_itself(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", "")
    assert aws.client("sqs").meta.endpoint_url == "https://sqs.us-east-1.amazonaws.com"


def test_named_endpoint_needs_no_credentials(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", "http://localhost:1")
    request = aws.client("s3").generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"})
    assert "AWSAccessKeyId=test" in request or "Credential=test" in request


def test_region_of_lambda_wins(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert aws.region() == "eu-north-1"


def test_clients_are_built_once(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", "http://localhost:1")
    assert aws.client("s3") is aws.client("s3")
