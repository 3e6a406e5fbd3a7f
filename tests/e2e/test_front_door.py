"""Whoever asks at the door gets the model's own answer, or is told what is wrong; and all of it is
written down: in the lake, the stage's access log and its metrics.
"""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.e2e import cloud
from tests.e2e.front_door import FLIGHT, FrontDoor
from tests.waiting import free_ports, wait_until

ACCESS_LOG = f"/aws/apigateway/{cloud.NAME}"
KNOWN = FLIGHT | {"temp": 71.6, "wind_speed": 12.7, "distance": 1400}


@pytest.fixture(scope="module")
def door(told):
    return FrontDoor(told.laptop)


def counted(door, name: str) -> float:
    """What the stage's metric has come to."""
    now = datetime.now(UTC)
    points = door.laptop.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=name,
        Dimensions=[
            {"Name": "ApiName", "Value": cloud.NAME},
            {"Name": "Stage", "Value": door.told["ApiStage"]},
        ],
        StartTime=now - timedelta(hours=6),
        EndTime=now + timedelta(minutes=2),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def logged(door, request_id: str) -> dict:
    """The line of a request in the access log."""

    def line():
        lines = [json.loads(text) for text in cloud.log(door.laptop, ACCESS_LOG).splitlines()]
        return next((line for line in lines if line["requestId"] == request_id), None)

    return wait_until(f"the access log of {request_id}", line)


@pytest.mark.parametrize("flight", [FLIGHT, KNOWN], ids=["named", "with features"])
def test_the_whole_way_gives_the_endpoints_own_answer(door, flight):
    answer = door.post(flight, door.key).raise_for_status()
    found = answer.json()
    asked = next(
        record
        for record in door.get("/predictions").raise_for_status().json()
        if record["prediction_id"] == found["prediction_id"]
    )
    assert found["probability"] == asked["probability"]
    assert cloud.ask(door.laptop, [asked["features"]]) == [found["probability"]]
    assert (found["flight_id"], found["recorded"]) == ("2013-03-15/UA/1545/EWR", True)
    line = logged(door, answer.headers["x-request-id"])
    assert (line["status"], line["upstreamStatus"], line["path"]) == (
        "200",
        "200",
        f"/{door.told['ApiStage']}/v1/predict",
    )
    assert line["keyId"] == door.told["ApiKeyId"]


def test_the_models_archive_gives_the_same_answer(door):
    (port,) = free_ports(1)
    command = ("uvicorn", "--factory", "api.app:create_app", f"--port={port}")
    beside = door.laptop.begin(*command, API_PREDICTOR="artifact")
    try:
        with door.laptop.http(f"http://127.0.0.1:{port}") as client:
            # Only a server that runs answers; while it starts, nobody does.
            wait_until("the API beside", lambda: is_ready(client))
            given = client.post("/v1/predict", json=[FLIGHT, KNOWN]).raise_for_status().json()
    finally:
        beside.terminate()
        beside.wait(60)
    answered = door.post([FLIGHT, KNOWN], door.key).raise_for_status().json()
    assert probabilities(given) == probabilities(answered)


def is_ready(client) -> bool:
    try:
        return client.get("/v1/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("key", ["", "somebody-elses"], ids=["none", "unknown"])
def test_without_a_key_nobody_is_let_in(door, key):
    before = counted(door, "4XXError")
    refused = door.post(FLIGHT, key)
    told = refused.json()
    assert (refused.status_code, told["detail"]) == (403, "Forbidden")
    assert told["title"] == "INVALID_API_KEY"
    line = logged(door, told["request_id"])
    assert (line["status"], line["error"]) == ("403", "INVALID_API_KEY")
    assert line["upstreamStatus"] == "-"
    wait_until("the refusal in the metrics", lambda: counted(door, "4XXError") == before + 1)


def test_a_quota_is_kept_to_the_request(door):
    before = counted(door, "Count")
    with door.planned(quota={"limit": 2, "period": "DAY"}) as key:
        answers = [door.post(FLIGHT, key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    told = answers[-1].json()
    assert (told["title"], told["detail"]) == ("QUOTA_EXCEEDED", "Limit Exceeded")
    assert logged(door, told["request_id"])["error"] == "QUOTA_EXCEEDED"
    wait_until("all three in the metrics", lambda: counted(door, "Count") == before + 3)


def test_more_than_a_plans_rate_has_to_wait(door):
    # A request in a hundred seconds: the second one is too early on any machine.
    with door.planned(throttle={"rateLimit": 0.01, "burstLimit": 1}) as key:
        answers = [door.post(FLIGHT, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    told = answers[-1].json()
    assert (told["title"], told["detail"]) == ("THROTTLED", "Too Many Requests")
    assert logged(door, told["request_id"])["error"] == "THROTTLED"


def test_a_malformed_request_is_told_which_field(door):
    refused = door.post({name: FLIGHT[name] for name in FLIGHT if name != "dest"}, door.key)
    told = refused.json()
    assert (refused.status_code, told["title"]) == (400, "Bad Request")
    assert told["violations"] == '[object has missing required properties (["dest"])]'
    line = logged(door, told["request_id"])
    assert (line["error"], line["upstreamStatus"]) == ("BAD_REQUEST_BODY", "-")
    assert line["violations"] == told["violations"]


def test_what_only_the_api_knows_to_be_wrong_has_its_field_too(door):
    refused = door.post(FLIGHT | {"scheduled_departure": "some time in March"}, door.key)
    told = refused.json()
    assert (refused.status_code, refused.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    assert [item["field"] for item in told["fields"]] == ["scheduled_departure"]
    line = logged(door, told["request_id"])
    assert (line["status"], line["upstreamStatus"]) == ("422", "422")


def probabilities(told: list[dict]) -> list[float]:
    return [item["probability"] for item in told]
