"""The authorizer: whose tokens it takes, and what its policy allows."""

import time

import jwt
import pytest

from pipeline.handlers import authorize_request
from pipeline.handlers.authorize_request import handler

SECRET = "s" * 64
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/live/POST/v1/predict"
CLAIMS = {"iss": "flights", "aud": "flights-api", "sub": "ann", "scope": "predict"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("TOKEN_SECRET_ARN", "arn:secret")
    monkeypatch.setenv("TOKEN_ISSUER", "flights")
    monkeypatch.setenv("TOKEN_AUDIENCE", "flights-api")
    monkeypatch.setattr(authorize_request, "secret", {"arn:secret": SECRET}.__getitem__)


def asked(key: str = SECRET, algorithm: str = "HS256", **claims: object) -> dict:
    good = {**CLAIMS, "exp": int(time.time()) + 60, **claims}
    good = {name: value for name, value in good.items() if value is not None}
    token = jwt.encode(good, key, algorithm=algorithm)
    return handler({"authorizationToken": f"Bearer {token}", "methodArn": ARN}, None)


def test_policy_allows_the_routes_of_the_scopes_and_no_others():
    answer = asked(scope="predict read")
    (statement,) = answer["policyDocument"]["Statement"]
    stage = "arn:aws:execute-api:eu-west-1:123456789012:abc123/live"
    assert answer["principalId"] == "ann"
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == [
        f"{stage}/POST/v1/predict",
        f"{stage}/GET/v1/flights/*",
        f"{stage}/GET/v1/models",
        f"{stage}/GET/v1/metrics",
    ]


def test_a_token_without_a_known_scope_is_denied_everything():
    (statement,) = asked(scope="admin")["policyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"


def test_a_token_that_is_not_good_is_unauthorized():
    wrong = [
        {"key": "t" * 64},
        {"algorithm": "HS512"},
        {"exp": 1},
        {"exp": None},
        {"iss": "others"},
        {"aud": "others"},
        {"sub": None},
    ]
    for each in wrong:
        with pytest.raises(authorize_request.UnauthorizedError, match="^Unauthorized$"):
            asked(**each)


def test_what_is_no_token_is_unauthorized():
    for header in ("", "Bearer x.y.z", "Basic YTpi"):
        with pytest.raises(authorize_request.UnauthorizedError):
            handler({"authorizationToken": header, "methodArn": ARN}, None)


def test_a_token_without_a_signature_is_unauthorized():
    token = jwt.encode({**CLAIMS, "exp": int(time.time()) + 60}, None, algorithm="none")
    with pytest.raises(authorize_request.UnauthorizedError):
        handler({"authorizationToken": f"Bearer {token}", "methodArn": ARN}, None)
