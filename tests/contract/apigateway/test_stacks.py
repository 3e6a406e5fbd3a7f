"""An API by CloudFormation: created, changed in place, deleted."""

import json

import httpx
import pytest

KINDS = "AWS::ApiGateway::"


def template(upstream: str, *, limit: int, origin: str, required: list[str], level: str) -> str:
    api = {"RestApiId": {"Ref": "Api"}}
    resources = {
        "Api": {"Type": f"{KINDS}RestApi", "Properties": {"Name": {"Ref": "AWS::StackName"}}},
        "Resource": {
            "Type": f"{KINDS}Resource",
            "Properties": {
                **api,
                "ParentId": {"Fn::GetAtt": "Api.RootResourceId"},
                "PathPart": "leg",
            },
        },
        "Model": {
            "Type": f"{KINDS}Model",
            "Properties": {
                **api,
                "Name": "Leg",
                "Schema": {"type": "object", "required": required},
            },
        },
        "Validator": {
            "Type": f"{KINDS}RequestValidator",
            "Properties": {**api, "Name": "body", "ValidateRequestBody": True},
        },
        "Refusal": {
            "Type": f"{KINDS}GatewayResponse",
            "Properties": {
                **api,
                "ResponseType": "DEFAULT_4XX",
                "ResponseParameters": {
                    "gatewayresponse.header.Access-Control-Allow-Origin": f"'{origin}'"
                },
            },
        },
        "Method": {
            "Type": f"{KINDS}Method",
            "Properties": {
                **api,
                "ResourceId": {"Ref": "Resource"},
                "HttpMethod": "POST",
                "AuthorizationType": "NONE",
                "ApiKeyRequired": True,
                "RequestModels": {"$default": {"Ref": "Model"}},
                "RequestValidatorId": {"Ref": "Validator"},
                "Integration": {
                    "Type": "HTTP_PROXY",
                    "IntegrationHttpMethod": "POST",
                    "Uri": f"{upstream}/leg",
                    "RequestParameters": {"integration.request.header.X-Limit": f"'{limit}'"},
                },
            },
        },
        f"Deployment{limit}": {
            "Type": f"{KINDS}Deployment",
            "DependsOn": ["Method", "Refusal"],
            "Properties": api,
        },
        "Stage": {
            "Type": f"{KINDS}Stage",
            "Properties": {
                **api,
                "StageName": "live",
                "DeploymentId": {"Ref": f"Deployment{limit}"},
                "MethodSettings": [
                    {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": level},
                    {"ResourcePath": "/leg", "HttpMethod": "POST", "ThrottlingRateLimit": limit},
                ],
            },
        },
        "Plan": {
            "Type": f"{KINDS}UsagePlan",
            "Properties": {
                "ApiStages": [{"ApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}}],
                "Quota": {"Limit": limit, "Period": "DAY"},
            },
        },
        "Key": {"Type": f"{KINDS}ApiKey", "Properties": {"Enabled": True}},
        "KeyOfPlan": {
            "Type": f"{KINDS}UsagePlanKey",
            "Properties": {
                "KeyId": {"Ref": "Key"},
                "KeyType": "API_KEY",
                "UsagePlanId": {"Ref": "Plan"},
            },
        },
    }
    outputs = {name: {"Value": {"Ref": name}} for name in ("Api", "Plan", "Key")}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def stack(aws, unique, waiting):
    """`stack(template)`: create or update, wait, give the outputs."""
    client = aws("cloudformation")
    made: list[str] = []

    def status() -> str:
        return client.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"]

    def apply(body: str) -> dict[str, str]:
        operation = client.update_stack if made else client.create_stack
        operation(StackName=unique, TemplateBody=body)
        made.append(body)
        waiting("the stack to rest", lambda: not status().endswith("_IN_PROGRESS"))
        assert status() in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        found = client.describe_stacks(StackName=unique)["Stacks"][0]["Outputs"]
        return {item["OutputKey"]: item["OutputValue"] for item in found}

    yield apply
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_an_api_changes_in_place(aws, stack, upstream, endpoint_url, log_role):
    client = aws("apigateway")
    first = stack(template(upstream, limit=1, origin="a", required=["origin"], level="OFF"))
    value = client.get_api_key(apiKey=first["Key"], includeValue=True)["value"]
    url = f"{endpoint_url}/_aws/execute-api/{first['Api']}/live/leg"

    def ask(body: dict) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=60) as http:
            return http.post(url, json=body, headers={"X-API-Key": value})

    refused = ask({})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, "a")
    # What was refused for its body has been counted: it came with a key.
    assert ask({"origin": "EWR"}).headers["x-amzn-ErrorType"] == "LimitExceededException"

    second = stack(template(upstream, limit=3, origin="b", required=["dest"], level="ERROR"))
    assert second == first
    refused = ask({"origin": "EWR"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, "b")
    assert ask({"dest": "IAH"}).json()["headers"]["X-Limit"] == "3"
    assert ask({"dest": "IAH"}).status_code == 429
    settings = client.get_stage(restApiId=first["Api"], stageName="live")["methodSettings"]
    assert settings["*/*"]["loggingLevel"] == "ERROR"
    assert settings["~1leg/POST"]["throttlingRateLimit"] == 3.0
    assert client.get_usage_plan(usagePlanId=first["Plan"])["quota"]["limit"] == 3
    assert len(client.get_deployments(restApiId=first["Api"])["items"]) == 1


def test_a_stack_without_a_role_for_logs_says_so(aws, unique, waiting, upstream):
    # A region in which nobody has set one.
    client = aws("cloudformation", region_name="eu-west-2")
    body = template(upstream, limit=1, origin="a", required=[], level="INFO")
    client.create_stack(StackName=unique, TemplateBody=body, OnFailure="DO_NOTHING")

    def reasons() -> list[str]:
        events = client.describe_stack_events(StackName=unique)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in events]

    words = "CloudWatch Logs role ARN must be set in account settings to enable logging"
    waiting("the failure", lambda: any(words in reason for reason in reasons()))
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
