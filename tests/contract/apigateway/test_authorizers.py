"""Lambda authorizers let in whom their policies allow."""

import pytest

from tests.contract.refusals import refusal

DENIED = "User is not authorized to access this resource with an explicit deny"
NOT_ALLOWED = "User is not authorized to access this resource"


def asked(one, token: str | None, path: str = "/models"):
    return one.call(path, headers={"Authorization": token} if token else {})


def test_answers_by_token(api, authorizer):
    one = api()
    one.mock("GET", "/models", **authorizer(one))
    one.deploy()
    assert asked(one, "good").json() == {"ok": True}
    expected = {
        None: (401, "UnauthorizedException", {"message": "Unauthorized"}),
        "unauthorized": (401, "UnauthorizedException", {"message": "Unauthorized"}),
        "denied": (403, "AccessDeniedException", {"Message": DENIED}),
        "elsewhere": (403, "AccessDeniedException", {"Message": NOT_ALLOWED}),
        "broken": (500, "AuthorizerFailureException", {"message": None}),
        "no policy": (500, "AuthorizerConfigurationException", {"message": None}),
    }
    for token, (status, error, body) in expected.items():
        answer = asked(one, token)
        told = (answer.status_code, answer.headers["x-amzn-ErrorType"], answer.json())
        assert told == (status, error, body), token


def test_without_permission_the_function_is_not_called(api, authorizer):
    one = api()
    one.mock("GET", "/models", **authorizer(one, permitted=False))
    one.deploy()
    answer = asked(one, "good")
    assert answer.status_code == 500
    assert answer.headers["x-amzn-ErrorType"] == "AuthorizerConfigurationException"


def test_a_token_of_another_form_is_refused_without_a_call(api, authorizer):
    one = api()
    given = authorizer(one, permitted=False, identityValidationExpression="^Bearer .+$")
    one.mock("GET", "/models", **given)
    one.deploy()
    assert asked(one, "good").status_code == 401
    assert asked(one, "Bearer good").status_code == 500


def test_an_answer_is_kept_for_all_methods_until_it_is_flushed(aws, api, authorizer, upstream):
    one = api()
    mapped = {"integration.request.header.X-Calls": "context.authorizer.calls"}
    behind = {"type": "HTTP_PROXY", "uri": f"{upstream}/models", "requestParameters": mapped}
    given = authorizer(one, authorizerResultTtlInSeconds=3600)
    one.route("GET", "/models", behind, **given)
    one.mock("GET", "/metrics", **given)
    one.deploy()

    def calls() -> int:
        return int(asked(one, "good").json()["headers"]["X-Calls"])

    first = calls()
    assert calls() == first
    # The policy that is kept allows the method it was asked for, and no other.
    assert asked(one, "good", "/metrics").status_code == 403
    aws("apigateway").flush_stage_authorizers_cache(restApiId=one.id, stageName="live")
    assert calls() > first


def test_a_request_authorizer_is_told_the_request(api, authorizer, upstream):
    one = api()
    sources = "method.request.header.Authorization, method.request.querystring.who"
    mapped = {
        "integration.request.header.X-Type": "context.authorizer.type",
        "integration.request.header.X-Who": "context.authorizer.principalId",
    }
    behind = {"type": "HTTP_PROXY", "uri": f"{upstream}/models", "requestParameters": mapped}
    one.route("GET", "/models", behind, **authorizer(one, type="REQUEST", identitySource=sources))
    one.deploy()
    assert asked(one, "good").status_code == 401
    headers = asked(one, "good", "/models?who=me").json()["headers"]
    assert (headers["X-Type"], headers["X-Who"]) == ("REQUEST", "ann")


def test_an_authorizer_may_tell_the_key(api, authorizer, plan):
    one = api(apiKeySource="AUTHORIZER")
    one.mock("GET", "/models", apiKeyRequired=True, **authorizer(one))
    one.deploy()
    _, key = plan(one, quota={"limit": 1, "period": "DAY"})
    assert asked(one, "key of nobody at all").status_code == 403
    statuses = [asked(one, f"key {key['value']}").status_code for _ in range(2)]
    assert statuses == [200, 429]


def test_an_authorizer_can_be_tried(api, authorizer):
    one = api()
    given = authorizer(one)
    tried = one.client.test_invoke_authorizer(
        restApiId=one.id, authorizerId=given["authorizerId"], headers={"Authorization": "good"}
    )
    assert (tried["clientStatus"], tried["principalId"]) == (0, "ann")
    refused = one.client.test_invoke_authorizer(
        restApiId=one.id, authorizerId=given["authorizerId"], headers={}
    )
    assert refused["clientStatus"] == 401


@pytest.mark.parametrize("kind", ["AWS_IAM", "COGNITO_USER_POOLS"])
def test_other_authorization_is_refused_by_name(api, kind):
    one = api()
    code, message = refusal(
        one.client.put_method,
        restApiId=one.id,
        resourceId=one.resource("/models"),
        httpMethod="GET",
        authorizationType=kind,
    )
    assert (code, message) == (
        "InternalFailure",
        f"apigateway authorization by {kind} is not emulated",
    )
