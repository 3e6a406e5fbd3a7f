"""What v1 adds: explanations, idempotency, flights, models, the way in and the way out."""

import gzip
import json
import warnings
from datetime import timedelta

import pytest

from api.app import create_app
from api.core import idempotency
from api.core.clock import now
from api.core.counters import percentiles
from api.core.explaining import METHOD
from pipeline.contracts.stream_features import NEWEST_KEY, Newest, flights_key_of

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here uses.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ID = "2013-03-15/UA/1545/EWR"
DEPARTURE = "2013-03-15T21:15:00Z"
SCORED = "2013-03-15T19:15:00Z"


@pytest.fixture
def deployed(cloud):
    cloud.deploy()
    return cloud


def put(cloud, key, content):
    cloud.objects["t-lake", key] = content


def lines(*items):
    return "".join(json.dumps(item) + "\n" for item in items).encode()


def test_explanation_says_what_each_known_feature_does(http, deployed, flight):
    deployed.model = lambda x: 0.2 + 0.5 * bool(x["visib"]) - 0.1 * (x["temp"] is not None)
    asked = {**flight, "visib": 2.0, "temp": 40.0}
    answer = http.post("/v1/predict?explain=true", json=asked).json()
    assert answer["probability"] == pytest.approx(0.6)
    effects = answer["explanation"]["effects"]
    assert [(e["feature"], round(e["effect"], 9)) for e in effects[:2]] == [
        ("visib", 0.5),
        ("temp", -0.1),
    ]
    assert effects[0]["value"] == 2.0
    assert {e["effect"] for e in effects[2:]} == {0}
    # One question: the flight, and once more without each of its seven known features.
    assert [len(call) for call in deployed.calls] == [8]
    assert answer["explanation"]["method"] == METHOD
    (body,) = [body for _, body in deployed.objects.items()]
    assert len(body.splitlines()) == 1


def test_too_many_flights_are_not_explained(http, deployed, flight):
    answer = http.post("/v1/predict?explain=true", json=[flight] * 21)
    assert answer.status_code == 422
    assert "21 flights are more than the 20 of one explained" in answer.json()["detail"]


def test_settled_features_are_looked_up(http, deployed, flight):
    newest = Newest("2013-03-15T23:00:00Z", {}).to_json()
    put(deployed, NEWEST_KEY, gzip.compress(json.dumps(newest).encode()))
    known = {"flight_id": ID, "scheduled_departure": DEPARTURE, "score_time": SCORED}
    known |= {"origin_mean_delay_2h": 12.5, "distance": 1400, "visib": None, "temp": 50.0}
    put(deployed, flights_key_of(DEPARTURE), gzip.compress(lines(known)))
    answer = http.post("/v1/predict", json={**flight, "temp": None}).json()
    (instance,) = deployed.calls[0]
    # What the request says holds, also that nobody knows it.
    assert (instance["origin_mean_delay_2h"], instance["distance"]) == (12.5, 1400)
    assert (instance["temp"], instance["visib"]) == (None, None)
    told = answer["features"]
    assert (told["looked_up"], told["source"], told["as_of"]) == (2, "settled", SCORED)


def test_newest_features_are_those_of_before_the_score_time(http, deployed, flight):
    values = {"origin": {"EWR": {"origin_mean_delay_2h": 7.0}}}
    for as_of, found in (("2013-03-15T18:00:00Z", 7.0), ("2013-03-15T20:00:00Z", None)):
        told = Newest(as_of, values).to_json()
        put(deployed, NEWEST_KEY, gzip.compress(json.dumps(told).encode()))
        http.app.state.lookup.forget()
        http.post("/v1/predict", json=flight).raise_for_status()
        assert deployed.calls[-1][0]["origin_mean_delay_2h"] == found


def test_lookup_that_fails_is_told(http, deployed, flight):
    put(deployed, NEWEST_KEY, b"no gzip")
    answer = http.post("/v1/predict", json=flight)
    assert answer.status_code == 200
    assert "could not be looked up" in answer.json()["features"]["warning"]


def ask_with_key(http, body, key="k1"):
    return http.post("/v1/predict", json=body, headers={"Idempotency-Key": key})


def test_same_key_and_body_is_answered_once(http, deployed, flight):
    first, again = (ask_with_key(http, flight) for _ in range(2))
    assert again.json() == first.json()
    replayed = [answer.headers["idempotency-replayed"] for answer in (first, again)]
    assert (replayed, len(deployed.calls)) == (["false", "true"], 1)


def test_same_key_with_another_body_is_refused(http, deployed, flight):
    ask_with_key(http, flight)
    other = ask_with_key(http, {**flight, "flight": 1})
    assert (other.status_code, len(deployed.calls)) == (422, 1)


def test_key_of_a_request_at_work_is_409_until_it_is_lost(http, deployed, flight, settings):
    def note(age):
        told = {"request": digest, "state": idempotency.WORKING, "answer": None}
        at = (now() - timedelta(seconds=age)).isoformat()
        put(deployed, key, json.dumps(told | {"at": at}).encode())

    ask_with_key(http, flight)
    key = next(name for _, name in deployed.objects if name.startswith("idempotency/"))
    digest = json.loads(deployed.objects["t-lake", key])["request"]
    note(1)
    busy = ask_with_key(http, flight)
    assert (busy.status_code, busy.headers["retry-after"]) == (409, "1")
    note(settings.idempotency_seconds + 1)
    assert ask_with_key(http, flight).headers["idempotency-replayed"] == "false"


def test_failure_is_not_kept_for_a_key(http, deployed, flight):
    deployed.endpoint["EndpointStatus"] = "Creating"
    assert ask_with_key(http, flight).status_code == 503
    deployed.endpoint["EndpointStatus"] = "InService"
    assert ask_with_key(http, flight).status_code == 200


def test_flight_is_told_by_the_warehouse(http, deployed, flight):
    deployed.flights[ID] = {
        "flight_id": ID,
        "carrier_name": "United",
        "dest": "IAH",
        "scheduled_departure": "2013-03-15 21:15:00",
        "departed_at": None,
        "arrived_at": None,
        "status": "planned",
    }
    http.post("/v1/predict", json=flight)
    worker = {"prediction_id": "w", "predicted_at": "2013-03-14T00:00:00Z", "flight_id": ID}
    worker |= {"probability": 0.5, "late": True, "features": {}}
    put(deployed, "predictions/date=2013-03-15/s-1-2.jsonl", lines(worker))
    told = http.get("/v1/flights/2013-03-15-UA-1545-EWR").json()
    assert (told["source"], told["warnings"]) == ("warehouse", [])
    assert told["schedule"]["scheduled_departure"] == DEPARTURE
    assert [item["by"] for item in told["predictions"]] == ["api", "worker"]
    assert http.get(f"/v1/flights/{ID}").json() == told


def test_flight_is_told_by_the_lake_where_the_warehouse_does_not(http, deployed):
    named = {"flight_id": ID, "scheduled_departure": DEPARTURE, "dest": "IAH"}
    for kind, more in {
        "planned": {"distance": 1400},
        "departed": {"dep_delay": 40, "tailnum": "N1"},
        "arrived": {"arr_delay": 16, "air_time": 200},
    }.items():
        event = {**named, **more, "event_time": f"2013-03-15T2{len(more)}:00:00Z"}
        put(deployed, f"raw/type={kind}/month=2013-03/2013-03-15.jsonl", lines(event))
    deployed.down.add("redshift-data")
    told = http.get(f"/v1/flights/{ID}").json()
    assert (told["source"], told["schedule"]["distance"]) == ("lake", 1400)
    assert (told["outcome"]["status"], told["outcome"]["late"]) == ("arrived", True)
    assert "Could not connect" in told["warnings"][0]


def test_models_tell_which_one_serves(http, deployed):
    deployed.register("1", auc="0.73", training_job="a", reason="first")
    deployed.register("2", auc="0.75")
    told = http.get("/v1/models").json()
    assert [(v["version"], v["in_service"]) for v in told["versions"]] == [(2, True), (1, False)]
    assert told["in_service"]["version"] == 2
    oldest = told["versions"][1]
    assert (oldest["metrics"], oldest["properties"]) == ({"auc": 0.73}, {"reason": "first"})


def test_metrics_count_what_was_answered(http, deployed, flight):
    http.post("/v1/predict", json=flight)
    http.post("/v1/predict", json={})
    service = http.get("/v1/metrics").json()["service"]
    assert service["routes"]["POST /v1/predict"]["statuses"] == {"200": 1, "422": 1}
    assert (service["predictions"], service["under_way"]) == (1, 1)
    assert percentiles([float(n) for n in range(1, 101)]) == {
        "p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 100.0,
    }  # fmt: skip


def test_body_that_is_too_long_is_413_however_it_comes(http, deployed, settings):
    settings.max_body_bytes = 1024
    whole = http.post("/v1/predict", content=b" " * 1025)
    parts = http.post("/v1/predict", content=(b" " * 600 for _ in range(2)))
    assert {answer.status_code for answer in (whole, parts)} == {413}
    assert whole.headers["content-type"] == "application/problem+json"


def test_one_request_too_many_is_503_and_health_is_not(http, deployed, settings, flight):
    settings.max_concurrent = 0
    answer = http.post("/v1/predict", json=flight)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert http.get("/v1/health").status_code == 200


def test_every_request_leaves_a_line(http, deployed, flight, capsys):
    given = http.post("/v1/predict", json=flight, headers={"X-Request-Id": "abc-1"})
    made = http.get("/v1/nothing", headers={"X-Request-Id": "not sane"})
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first, second = [line for line in told if line["message"] == "request"]
    assert (first["request_id"], first["route"], first["status"]) == (
        given.headers["x-request-id"], "POST /v1/predict", 200,
    )  # fmt: skip
    assert first["bytes_in"] > 0
    assert second["request_id"] == made.json()["request_id"] != "not sane"


def test_mistake_of_ours_is_told_by_its_id(cloud, settings, flight, capsys):
    cloud.deploy()
    cloud.model = lambda instance: 1 / 0
    with TestClient(create_app(settings, cloud), raise_server_exceptions=False) as http:
        answer = http.post("/v1/predict", json=flight, headers={"X-Request-Id": "abc-2"})
        counted = http.get("/v1/metrics").json()["service"]["routes"]["POST /v1/predict"]
    assert (answer.status_code, answer.json()["request_id"]) == (500, "abc-2")
    assert answer.headers["x-request-id"] == "abc-2"
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (bug,) = [line for line in told if line["level"] == "ERROR"]
    assert (bug["request_id"], "ZeroDivisionError" in bug["exception"]) == ("abc-2", True)
    assert counted["statuses"] == {"500": 1}


def test_draining_fails_health_and_answers_the_rest(http, deployed, flight):
    assert http.get("/v1/health/live").json() == {"status": "ok"}
    http.app.state.drain.begun.set()
    codes = [http.get(f"/v1/health{path}").status_code for path in ("/live", "/ready", "")]
    answer = http.post("/v1/predict", json=flight)
    assert (codes, answer.status_code) == ([503, 503, 503], 200)
    assert answer.headers["connection"] == "close"


def test_readiness_says_what_is_missing(http, cloud):
    told = http.get("/v1/health/ready")
    assert (told.status_code, told.json()["checks"]["aws"]["ready"]) == (503, True)
    assert told.json()["checks"]["predictor"]["reason"] == "The endpoint is not deployed yet."
    assert http.get("/v1/health").json()["ready"] is False
