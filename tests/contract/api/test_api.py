"""Processes of the API over the emulator: the same answers by endpoint and by artifact, one answer
for a repeated request whoever is asked, and nothing lost when one leaves.
"""

import json
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil

from tests.waiting import wait_until

JSON = {"Content-Type": "application/json"}
SAID = ("flight_id", "late", "probability", "model_version")


def predict(api, flights, query="", **headers):
    return api.http.post(f"/v1/predict{query}", json=flights, headers=headers)


def said(answer):
    return [{name: item[name] for name in SAID} for item in answer.raise_for_status().json()]


def test_artifact_answers_as_the_endpoint_to_the_last_bit(by_endpoint, by_artifact, flights):
    answers = said(predict(by_endpoint, flights))
    assert said(predict(by_artifact, flights)) == answers
    assert len({item["probability"] for item in answers}) > 20
    assert {item["model_version"] for item in answers} == {"1"}
    few = flights[:3]
    explained = [
        [item["explanation"] for item in predict(api, few, "?explain=true").json()]
        for api in (by_endpoint, by_artifact)
    ]
    assert explained[0] == explained[1]
    assert all(item["effects"] for item in explained[0])


def test_two_tasks_answer_a_repeated_request_once(by_endpoint, by_artifact, flights):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first = predict(by_endpoint, flights, **key)
    again = predict(by_artifact, flights, **key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = predict(by_artifact, flights[1:], **key)
    assert other.status_code == 422
    assert other.headers["content-type"] == "application/problem+json"


def test_of_many_at_once_with_one_key_one_is_carried_out(by_endpoint, by_artifact, flights):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    answers = []

    def ask(api):
        answers.append(predict(api, flights, **key))

    asking = [
        threading.Thread(target=ask, args=[(by_endpoint, by_artifact)[n % 2]]) for n in range(8)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 409}
    done = [answer for answer in answers if answer.status_code == 200]
    assert sum(a.headers["idempotency-replayed"] == "false" for a in done) == 1
    assert len({answer.text for answer in done}) == 1


def test_prediction_is_in_the_lake_and_told_of_its_flight(by_endpoint, flights):
    (answer,) = predict(by_endpoint, flights[:1]).json()
    assert answer["recorded"]
    told = by_endpoint.http.get(f"/v1/flights/{answer['flight_id']}").raise_for_status().json()
    assert answer["probability"] in {item["probability"] for item in told["predictions"]}


def test_flight_is_told_by_the_warehouse(by_endpoint, warehouse):
    """By the statement that the star schema is asked, which a fake would not understand."""

    def found():
        answer = by_endpoint.http.get("/v1/flights/2013-01-02/UA/7/EWR")
        return answer if answer.is_success else None

    # What is deployed is looked at every few seconds.
    told = wait_until("the API to know of the warehouse", found).json()
    assert (told["source"], told["warnings"]) == ("warehouse", [])
    schedule = told["schedule"]
    assert schedule["scheduled_departure"] == "2013-01-02T10:15:00Z"
    assert (schedule["carrier_name"], schedule["dest_name"]) == ("United", "Houston")
    assert (told["outcome"]["arr_delay"], told["outcome"]["late"]) == (16, True)
    unknown = by_endpoint.http.get("/v1/flights/2013-01-02/UA/8/EWR")
    assert (unknown.status_code, unknown.json()["title"]) == (404, "Not Found")


def test_model_that_dies_is_started_again(by_artifact, flights):
    before = said(predict(by_artifact, flights))
    for child in children(by_artifact.process.pid):
        child.send_signal(signal.SIGKILL)
    assert said(predict(by_artifact, flights)) == before


def children(pid):
    return psutil.Process(pid).children()


def test_endpoint_of_another_model_is_followed(pipeline, by_endpoint, by_artifact, flights):
    old = said(predict(by_artifact, flights))
    config = pipeline.model(2)
    pipeline.sagemaker.update_endpoint(EndpointName=pipeline.name, EndpointConfigName=config)
    pipeline.settled()
    new = said(predict(by_artifact, flights))
    assert {item["model_version"] for item in new} == {"2"}
    assert new != old
    assert said(predict(by_endpoint, flights)) == new
    assert len(children(by_artifact.process.pid)) == 1


def test_archive_that_is_named_needs_no_endpoint(start, pipeline, flights):
    archive = f"s3://{pipeline.name}/models/2/model.tar.gz"
    api = start(API_PREDICTOR="artifact", API_MODEL_DATA=archive, API_STREAM_FEATURES="false")
    answers = [item["probability"] for item in said(predict(api, flights))]
    assert answers == [item["probability"] for item in pipeline.ask(flights)]


def told_by_health_check(api):
    """Its status code and what it says; none when the port is closed."""
    try:
        told = httpx.get(f"{api.http.base_url}/v1/health/live", trust_env=False)
    except httpx.TransportError:
        return None
    return told.status_code, told.json()


def statuses_until(is_over, api, body):
    """Ask one after the other on one connection that is kept."""
    statuses = []
    with httpx.Client(base_url=api.http.base_url, trust_env=False, timeout=60) as http:
        while not is_over() or not statuses:
            answer = http.post("/v1/predict", content=body(), headers=JSON)
            statuses.append(answer.status_code)
    return statuses


def test_leaving_loses_no_request(start, flights):
    # A client that connects while the port closes may be reset. A balancer is not that late: it
    # has seen the health check fail.
    api = start(API_DRAIN_SECONDS="6")
    seen, closed = threading.Event(), threading.Event()
    whole = json.dumps(flights[:1]).encode()

    def in_two_parts():
        yield whole[:9]
        closed.wait(60)
        yield whole[9:]

    pool = ThreadPoolExecutor()
    asking = [pool.submit(statuses_until, seen.is_set, api, lambda: whole) for _ in range(4)]
    asking.append(pool.submit(statuses_until, closed.is_set, api, in_two_parts))
    wait_until("the first answers", lambda: "/v1/predict" in api.log.read_text())
    api.process.send_signal(signal.SIGTERM)
    failing = (503, {"status": "draining"})
    wait_until("the health check to fail", lambda: told_by_health_check(api) == failing)
    time.sleep(2)
    seen.set()
    wait_until("the port to close", lambda: told_by_health_check(api) is None)
    closed.set()
    statuses = [status for one in asking for status in one.result()]
    assert (api.end(), set(statuses)) == (0, {200})
    lines = [json.loads(line) for line in api.log.read_text().splitlines()]
    asked = [line for line in lines if line.get("route") == "POST /v1/predict"]
    assert len(asked) == len(statuses)
