import json

import pytest
from botocore.exceptions import ClientError

from pipeline.contracts.captures import read_capture
from pipeline.handlers import score_flights
from pipeline.handlers.monitor import scoring
from tests.unit.pipeline.monitor.cloud import Context, flight

DAY, NEXT = "2013-04-01", "2013-04-02"


@pytest.fixture
def requested(cloud, monkeypatch):
    monkeypatch.setattr(scoring, "ROWS", 3)
    flights = [flight(day, number) for day in (DAY, NEXT) for number in range(5)]
    cloud.request("2013-04", flights)
    cloud.service()
    return [item["flight_id"] for item in flights]


def run(cloud, questions=10**6):
    return score_flights.handler({}, Context(questions))


def scored(cloud):
    return [line["flight_id"] for line in cloud.bucket.lines("scored/t/date=")]


def test_flights_are_scored_once_and_the_monitor_is_woken(cloud, requested):
    assert run(cloud) == {"flights": 10, "complete": True}
    assert sorted(scored(cloud)) == requested
    assert [len(asked) for _, asked in cloud.endpoint.asked] == [3, 2, 3, 2]
    assert cloud.functions.woken == ["t-start-monitor"]


def test_flights_that_are_scored_are_not_asked_for_again(cloud, requested):
    run(cloud)
    cloud.request("2013-04", [flight(day, n) for day in (DAY, NEXT) for n in range(6)])
    cloud.endpoint.version = "2"
    assert run(cloud)["flights"] == 2
    versions = {
        line["flight_id"]: line["model_version"] for line in cloud.bucket.lines("scored/t/date=")
    }
    assert [name for name, version in versions.items() if version == "2"] == [
        f"{DAY}/UA/5/EWR",
        f"{NEXT}/UA/5/EWR",
    ]
    assert len(scored(cloud)) == 12


def test_requests_that_did_not_change_are_not_read_again(cloud, requested):
    run(cloud)
    cloud.request("2013-04", [flight(day, n) for day in (DAY, NEXT) for n in range(5)])
    cloud.bucket.objects = {
        key: body for key, body in cloud.bucket.objects.items() if "/date=" not in key
    }
    assert run(cloud)["flights"] == 0


def test_run_out_of_time_goes_on_where_it_was(cloud, requested):
    assert run(cloud, questions=2) == {"flights": 5, "complete": False}
    assert cloud.functions.woken == ["t-score-flights"]
    assert run(cloud) == {"flights": 5, "complete": True}
    assert sorted(scored(cloud)) == requested


def test_killed_before_it_notes_an_answer_it_asks_under_the_same_name(cloud, requested):
    def kill(key):
        if "/date=" in key:
            raise KeyboardInterrupt

    cloud.bucket.before_put = kill
    with pytest.raises(KeyboardInterrupt):
        run(cloud)
    cloud.bucket.before_put = lambda key: None
    run(cloud)
    names = [name for name, _ in cloud.endpoint.asked]
    assert names[0] == names[1]
    assert len(set(names)) == 4
    assert sorted(scored(cloud)) == requested


def test_failed_endpoint_fails_the_function_and_loses_nothing(cloud, requested):
    cloud.endpoint.fail_after = 2
    with pytest.raises(ClientError):
        run(cloud)
    cloud.endpoint.fail_after = None
    run(cloud)
    assert sorted(scored(cloud)) == requested


def test_flights_before_the_first_model_are_left_alone(cloud, requested):
    cloud.service(scored_from=NEXT)
    run(cloud)
    assert sorted(scored(cloud)) == requested[5:]


def test_nothing_is_scored_before_a_baseline_says_what_serves(cloud):
    cloud.request("2013-04", [flight(DAY, 1)])
    assert run(cloud) == {"flights": 0, "complete": False}
    assert (cloud.endpoint.asked, cloud.functions.woken) == ([], [])


def test_model_is_told_features_only(cloud, requested):
    run(cloud)
    assert cloud.endpoint.asked[0][1][0] == {"carrier": "UA", "origin": "EWR", "distance": 100}


def test_captured_answer_finds_its_flight_by_name_and_row(cloud, requested):
    run(cloud)
    captures = {}
    for key, body in cloud.bucket.objects.items():
        if key.startswith("captures/"):
            capture = read_capture(body)
            captures[capture.inference_id] = capture
    for line in cloud.bucket.lines("scored/t/date="):
        capture = captures[line["inference_id"]]
        number = int(line["flight_id"].split("/")[2])
        assert capture.instances[line["row"]]["distance"] == 100 + number
        assert capture.probabilities[line["row"]] == line["probability"]
        assert capture.model_version == line["model_version"] == "1"


def test_object_that_spark_is_replacing_is_read_when_it_tells_again(cloud, requested, monkeypatch):
    read = scoring.Objects.read
    monkeypatch.setattr(
        scoring.Objects,
        "read",
        lambda self, key: None if key.endswith(".gz") else read(self, key),
    )
    assert run(cloud)["flights"] == 0
    monkeypatch.setattr(scoring.Objects, "read", read)
    assert run(cloud)["flights"] == 10


def test_answers_for_fewer_flights_fail(cloud, requested, monkeypatch):
    monkeypatch.setattr(
        cloud.endpoint,
        "invoke_endpoint",
        lambda **_: {"Body": type("B", (), {"read": lambda self: b'{"predictions": []}'})()},
    )
    with pytest.raises(scoring.NotAnsweredError, match="^0 answers for 3 flights$"):
        run(cloud)
    assert json.loads(cloud.bucket.objects["monitoring/t/service.json"])
