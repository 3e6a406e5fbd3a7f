"""Who has a key may call as often as the key's plan says."""

import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.contract.apigateway.conftest import Api
from tests.contract.refusals import refusal


def today() -> str:
    return datetime.now(UTC).date().isoformat()


@pytest.fixture
def keyed(api):
    one = api()
    one.mock("GET", "/models", apiKeyRequired=True)
    one.mock("GET", "/health")
    one.deploy()
    return one


def header(key: dict) -> dict[str, str]:
    return {"X-API-Key": key["value"]}


def test_without_a_good_key_it_is_forbidden(aws, keyed, plan):
    _, key = plan(keyed)
    assert keyed.call("/models", headers=header(key)).json() == {"ok": True}
    for headers in ({}, {"X-API-Key": "x" * 30}):
        answer = keyed.call("/models", headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
        assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"
    assert keyed.call("/health").status_code == 200
    aws("apigateway").update_api_key(
        apiKey=key["id"], patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}]
    )
    assert keyed.call("/models", headers=header(key)).status_code == 403


def test_a_quota_lets_through_just_as_many_at_once(aws, keyed, plan, endpoint_url):
    client = aws("apigateway")
    plan_id, key = plan(keyed, quota={"limit": 5, "period": "DAY"})
    url = f"{endpoint_url}/_aws/execute-api/{keyed.id}/live/models"
    statuses: list[int] = []

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=60) as http:
            statuses.append(http.get(url, headers=header(key)).status_code)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [429] * 7
    refused = keyed.call("/models", headers=header(key))
    assert (refused.status_code, refused.json()) == (429, {"message": "Limit Exceeded"})
    assert refused.headers["x-amzn-ErrorType"] == "LimitExceededException"
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    usage = client.get_usage(usagePlanId=plan_id, startDate=yesterday, endDate=today())
    assert usage["items"] == {key["id"]: [[0, 5], [5, 0]]}


def test_more_can_be_granted_for_the_period(aws, keyed, plan):
    plan_id, key = plan(keyed, quota={"limit": 1, "period": "MONTH"})
    assert keyed.call("/models", headers=header(key)).status_code == 200
    assert keyed.call("/models", headers=header(key)).status_code == 429
    granted = aws("apigateway").update_usage(
        usagePlanId=plan_id,
        keyId=key["id"],
        patchOperations=[{"op": "replace", "path": "/remaining", "value": "1"}],
    )
    assert granted["items"] == {key["id"]: [[1, 1]]}
    assert keyed.call("/models", headers=header(key)).status_code == 200
    assert keyed.call("/models", headers=header(key)).status_code == 429


def test_a_plan_throttles_and_a_change_of_it_is_felt_at_once(aws, keyed, plan):
    # A rate so low that no test is slow enough to see a second token.
    plan_id, key = plan(keyed, throttle={"rateLimit": 0.001, "burstLimit": 2})
    statuses = [keyed.call("/models", headers=header(key)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = keyed.call("/models", headers=header(key))
    assert refused.json() == {"message": "Too Many Requests"}
    assert refused.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    path = f"/apiStages/{keyed.id}:live/throttle/~1models/GET"
    changed = aws("apigateway").update_usage_plan(
        usagePlanId=plan_id,
        patchOperations=[
            {"op": "remove", "path": "/throttle"},
            {"op": "replace", "path": f"{path}/rateLimit", "value": "0.001"},
            {"op": "replace", "path": f"{path}/burstLimit", "value": "1"},
        ],
    )
    limits = {"/models/GET": {"rateLimit": 0.001, "burstLimit": 1}}
    assert changed["apiStages"] == [{"apiId": keyed.id, "stage": "live", "throttle": limits}]
    assert "throttle" not in changed
    assert [keyed.call("/models", headers=header(key)).status_code for _ in range(2)] == [200, 429]


def test_a_stage_throttles_each_method(keyed):
    keyed.change_stage(
        **{
            "/health/GET/throttling/rateLimit": "0.001",
            "/health/GET/throttling/burstLimit": "1",
        }
    )
    assert [keyed.call("/health").status_code for _ in range(2)] == [200, 429]


def test_plans_that_aws_refuses(aws, keyed, plan, unique):
    client = aws("apigateway")
    bad = {"quota": {"limit": 1, "period": "DAY", "offset": 2}}
    assert refusal(client.create_usage_plan, name=unique, **bad) == (
        "BadRequestException",
        "Usage Plan quota offset must be zero in the DAY period",
    )
    code, message = refusal(
        client.create_usage_plan, name=unique, apiStages=[{"apiId": "none", "stage": "live"}]
    )
    assert code == "NotFoundException"
    assert message.startswith("Invalid API Stage {api: none, stage: live} specified")
    plan_id, _ = plan(keyed)
    unknown = [{"op": "replace", "path": "/colour", "value": "red"}]
    code, message = refusal(client.update_usage_plan, usagePlanId=plan_id, patchOperations=unknown)
    assert code == "BadRequestException"
    assert message.startswith("Invalid patch path '/colour' specified for op 'replace'")


def test_keys_come_from_a_file(aws, keyed, plan, unique):
    client = aws("apigateway")
    plan_id, _ = plan(keyed)
    value = f"imported-key-{unique}-0"
    body = f"Name,key,Enabled,usageplanIds\n{unique}-file,{value},TRUE,{plan_id}\n"
    imported = client.import_api_keys(format="csv", body=body.encode())
    assert imported["warnings"] == []
    assert keyed.call("/models", headers={"X-API-Key": value}).status_code == 200
    code, _ = refusal(client.import_api_keys, format="csv", body=b"Name,colour\na,red\n")
    assert code == "BadRequestException"
    client.delete_api_key(apiKey=imported["ids"][0])


def test_counters_survive_a_kill(own_emulator, unique, waiting):
    one = Api(own_emulator.aws("apigateway"), own_emulator.url, unique)
    one.mock("GET", "/models", apiKeyRequired=True)
    one.deploy()
    stages = [{"apiId": one.id, "stage": "live"}]
    made = one.client.create_usage_plan(
        name=unique, apiStages=stages, quota={"limit": 3, "period": "WEEK"}
    )
    key = one.client.create_api_key(name=unique, enabled=True)
    one.client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
    changed = time.time()
    saved = own_emulator.folder / "state" / "services" / "apigateway" / "2.pickle"
    waiting("the records to be saved", lambda: saved.exists() and saved.stat().st_mtime > changed)
    assert [one.call("/models", headers=header(key)).status_code for _ in range(2)] == [200, 200]
    own_emulator.end(9)
    own_emulator.start()
    assert [one.call("/models", headers=header(key)).status_code for _ in range(2)] == [200, 429]
    usage = one.client.get_usage(usagePlanId=made["id"], startDate=today(), endDate=today())
    assert usage["items"] == {key["id"]: [[3, 0]]}
    one.http.close()
