"""What a stage tells of its requests, in CloudWatch."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.refusals import refusal

FORMAT = (
    '{"id":"$context.requestId","status":$context.status,"bytes":$context.responseLength,'
    '"route":"$context.resourcePath","error":"$context.error.responseType",'
    '"said":$context.error.messageString,"upstream":"$context.integration.status",'
    '"ip":"$context.identity.sourceIp","time":"$context.requestTime","none":"$context.nothing"}'
)


@pytest.fixture
def told(api, upstream, log_role, unique):
    one = api()
    one.route("GET", "/models", f"{upstream}/models")
    one.mock("GET", "/metrics", apiKeyRequired=True)
    one.deploy()
    group = f"arn:aws:logs:us-east-1:000000000000:log-group:/access/{unique}"
    one.change_stage(
        **{
            "/accessLogSettings/destinationArn": group,
            "/accessLogSettings/format": FORMAT,
            "/*/*/logging/loglevel": "INFO",
            "/*/*/metrics/enabled": "true",
        }
    )
    return one


def messages(aws, group: str) -> list[str]:
    logs = aws("logs")
    try:
        return [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def test_access_and_execution_logs(aws, told, waiting, unique):
    first = told.call("/models")
    second = told.call("/metrics")
    group = f"/access/{unique}"
    waiting("the access log", lambda: len(messages(aws, group)) == 2)
    lines = {line["id"]: line for line in map(json.loads, messages(aws, group))}
    good, bad = (lines[each.headers["x-amzn-RequestId"]] for each in (first, second))
    assert (good["status"], good["bytes"], good["upstream"]) == (200, len(first.content), "200")
    assert (good["route"], good["ip"], good["none"]) == ("/models", "127.0.0.1", "-")
    assert datetime.strptime(good["time"], "%d/%b/%Y:%H:%M:%S %z").tzinfo == UTC
    assert (bad["status"], bad["error"], bad["said"]) == (403, "INVALID_API_KEY", "Forbidden")
    execution = f"API-Gateway-Execution-Logs_{told.id}/live"
    end = f"({second.headers['x-amzn-RequestId']}) Method completed with status: 403"
    waiting("the execution log", lambda: end in messages(aws, execution))
    start = f"({good['id']}) HTTP Method: GET, Resource Path: /models"
    assert start in messages(aws, execution)


def test_requests_are_counted(aws, told, waiting):
    for path in ("/models", "/models", "/metrics", "/nowhere"):
        told.call(path)
    cloudwatch = aws("cloudwatch")

    def total(metric: str, **dimensions: str) -> float:
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApiGateway",
            MetricName=metric,
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    waiting("the metrics", lambda: total("Count", ApiName=told.name) == 4)
    assert total("4XXError", ApiName=told.name, Stage="live") == 2
    assert total("5XXError", ApiName=told.name, Stage="live") == 0
    method = {"ApiName": told.name, "Method": "GET", "Resource": "/models", "Stage": "live"}
    assert total("Count", **method) == 2
    assert total("Latency", **method) >= total("IntegrationLatency", **method)


def test_settings_that_are_refused(aws, told):
    update = aws("apigateway").update_stage

    def refused(path: str, value: str) -> tuple[str, str]:
        operation = {"op": "replace", "path": path, "value": value}
        return refusal(update, restApiId=told.id, stageName="live", patchOperations=[operation])

    code, message = refused("/accessLogSettings/format", "no id")
    assert code == "BadRequestException"
    assert message.startswith("Access Log format must include $context.requestId")
    assert refused("/accessLogSettings/destinationArn", "none") == (
        "BadRequestException",
        "Invalid ARN specified in the request",
    )
    assert refused("/cacheClusterEnabled", "true") == (
        "InternalFailure",
        "apigateway caching of a stage (cacheClusterEnabled) is not emulated",
    )
    assert refused("/*/*/logging/loglevel", "LOUD")[0] == "BadRequestException"


def test_logs_need_a_role_that_trusts_api_gateway(aws, unique):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = aws("iam").create_role(RoleName=unique, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code, message = refusal(
        aws("apigateway").update_account,
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}],
    )
    assert code == "BadRequestException"
    assert message.startswith("The role ARN does not have required permissions configured.")
