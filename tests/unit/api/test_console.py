"""The console's topics: true of what AWS tells, each by itself; its log and its query box."""

import io
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALARM = {"AlarmName": "t-poison", "StateValue": "OK", "StateUpdatedTimestamp": START}
RUN = {
    "pipelineExecutionId": "run-1",
    "status": "Failed",
    "startTime": START,
    "lastUpdateTime": START + timedelta(seconds=70),
    "trigger": {"triggerType": "StartPipelineExecution"},
}
ACTION = {
    "stageName": "Gate",
    "actionName": "Judge",
    "status": "Failed",
    "startTime": START,
    "lastUpdateTime": START + timedelta(seconds=1),
    "input": {
        "actionTypeId": {"provider": "Lambda"},
        "configuration": {"FunctionName": "t-judge-challenger"},
    },
    "output": {"executionResult": {"errorDetails": {"code": "JobFailed", "message": "It loses."}}},
}


def missing(**request):
    raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "X")


@pytest.fixture
def console(http, cloud):
    """What the console is told, of a cloud with everything deployed and little in it."""
    cloud.deploy()
    lists = cloud.paginate

    def paginator(operation):
        if operation == "list_objects_v2":
            return type("Objects", (), {"paginate": staticmethod(lists)})
        return type("Alarms", (), {"paginate": lambda self, **request: [cloud.alarms]})()

    cloud.alarms = {"MetricAlarms": [ALARM, ALARM | {"AlarmName": "t-lag", "StateValue": "ALARM"}]}
    cloud.get_paginator = paginator
    cloud.list_processing_jobs = lambda **request: {"ProcessingJobSummaries": []}
    cloud.list_action_executions = lambda **request: {"actionExecutionDetails": [ACTION]}
    cloud.describe_log_streams = missing
    return lambda: http.get("/v1/console").json()


def report(first, until, version, **changed):
    drift = {"check": "DataDrift", "outcome": "violated", "sentence": "PSI 0.5, allowed 0.25"}
    seasonal = {"check": "DataDrift", "outcome": "ok", "limit": None, "sentence": ""}
    document = {
        "window": f"{first}-14d",
        "first": first,
        "until": until,
        "model_version": version,
        "outcome": "violated",
        "summary": {"flights": 9, "auc": 0.71, "calibration": 0.9},
        "violations": [drift | {"feature": "visib", "value": 0.5, "limit": 0.25}],
        "findings": [
            seasonal | {"feature": "temp", "value": 4.0},
            drift | {"feature": "visib", "value": 0.5, "limit": 0.25},
            {"check": "Quality", "feature": "probability", "outcome": "ok", "limit": 0.69}
            | {"value": 0.71, "sentence": ""},
        ],
    }
    return json.dumps(document | changed).encode()


def test_alarms_that_ring_come_first(console):
    told = [(alarm["name"], alarm["state"]) for alarm in console()["alarms"]["value"]]
    assert told == [("lag", "ALARM"), ("poison", "OK")]


def test_topic_that_cannot_be_read_takes_nothing_with_it(console, cloud):
    cloud.down.add("cloudwatch")
    told = console()
    assert told["alarms"]["value"] is None
    assert "Could not connect" in told["alarms"]["reason"]
    assert told["work"]["value"]["jobs"] == []


def test_unreachable_aws_is_one_topic(console, cloud):
    cloud.down.add("cloudformation")
    told = console()
    assert set(told) == {"pipeline", "read"}
    assert told["pipeline"]["reachable"] is False


def test_first_reading_that_takes_long_is_no_failure(cloud):
    cloud.deploy()
    read = threading.Event()
    cloud.describe_stacks = lambda **request: read.wait(30)
    settings = ApiSettings(pipeline_name="t", fresh_seconds=0, patience_seconds=0)
    with TestClient(create_app(settings, cloud)) as http:
        told = http.get("/v1/console").json()["pipeline"]
        read.set()
    assert (told["reachable"], told["stacks"]) == (True, [])


def test_windows_stand_in_event_time_with_what_was_retrained(console, cloud):
    prefix = "monitoring/t/reports/"
    cloud.objects |= {
        ("t-lake", f"{prefix}2013-04-15-14d/report.json"): report("2013-04-15", "2013-04-29", "2"),
        ("t-lake", f"{prefix}2013-04-01-14d/report.json"): report("2013-04-01", "2013-04-15", "2"),
        ("t-lake", "monitoring/t/service.json"): b'{"model_version": "3"}',
        ("t-lake", "monitoring/t/retrainings/2013-04-29.json"): json.dumps(
            {"until": "2013-04-29", "reason": "drift", "execution": "run-1"}
        ).encode(),
    }
    cloud.deliveries = [RUN]
    told = console()["quality"]["value"]
    assert [window["first"] for window in told["windows"]] == ["2013-04-01", "2013-04-15"]
    assert told["windows"][0]["auc_floor"] == 0.69
    assert told["service"]["model_version"] == "3"
    assert [item["status"] for item in told["retrainings"]] == ["Failed"]
    assert [(item["feature"], item["violated"]) for item in told["drift"]] == [
        ("visib", True),
        ("temp", False),
    ]


def test_predictions_stand_beside_what_came_true(console, cloud, flight):
    flights = {"2013-03-15/UA/1/EWR": 0.7, "2013-03-15/UA/2/EWR": 0.1, "2013-03-15/UA/3/EWR": 0.1}
    lines = [
        {"flight_id": name, "probability": chance, "late": chance > 0.5}
        for name, chance in flights.items()
    ]
    arrivals = [
        {"flight_id": name, "event_time": f"2013-03-15T2{number}:00:00Z", "arr_delay": delay}
        for number, (name, delay) in enumerate(zip(flights, [16, 15, None], strict=True))
    ]
    cloud.objects |= {
        ("t-lake", "predictions/date=2013-03-15/a.jsonl"): "\n".join(
            json.dumps(line) for line in lines
        ).encode(),
        ("t-lake", "raw/type=arrived/month=2013-03/2013-03-15.jsonl"): "\n".join(
            json.dumps(line) for line in arrivals
        ).encode(),
    }
    told = console()["truth"]["value"]
    outcomes = [line["truth"] and line["truth"]["late"] for line in told["predictions"]]
    assert outcomes == [None, False, True]
    day = {key: value for key, value in told["day"].items() if key != "arrived"}
    assert day == {
        "day": "2013-03-15",
        "predicted": 3,
        "known": 2,
        "right": 2,
        "late": 1,
        "foretold": 1,
        "called_late": 1,
    }


def test_predictions_of_many_days_all_have_their_truth(console, cloud):
    for number in range(1, 8):
        day = f"2013-03-0{number}"
        line = {"flight_id": f"{day}/UA/1/EWR", "probability": 0.2, "late": False}
        arrival = {**line, "event_time": f"{day}T20:00:00Z", "arr_delay": 20}
        cloud.objects |= {
            ("t-lake", f"predictions/date={day}/a.jsonl"): json.dumps(line).encode(),
            ("t-lake", f"raw/type=arrived/month=2013-03/{day}.jsonl"): json.dumps(arrival).encode(),
        }
    told = console()["truth"]["value"]
    assert [line["truth"]["late"] for line in told["predictions"]] == [True] * 7


def test_delivery_says_what_stopped_it(console, cloud):
    cloud.deliveries = [RUN]
    (run,) = console()["work"]["value"]["runs"]
    assert (run["state"], run["seconds"]) == ("Failed", 70)
    assert run["actions"][0]["reason"] == "It loses."
    assert run["actions"][0]["log"] == {"kind": "function", "id": "t-judge-challenger"}


def test_log_of_a_shown_job_is_read(console, cloud, http):
    cloud.deliveries = [RUN]
    cloud.describe_log_streams = lambda **request: {"logStreams": [{"logStreamName": "s"}]}
    event = {"timestamp": 5, "message": "It loses.\n"}
    cloud.get_log_events = lambda **request: {"events": [event]}
    asked = {"kind": "function", "id": "t-judge-challenger"}
    console()
    assert http.get("/v1/console/logs", params=asked).json() == {
        "lines": [{"at": 5, "text": "It loses."}]
    }


def test_log_that_nobody_shows_is_refused(console, http):
    console()
    asked = {"kind": "function", "id": "somebody-elses"}
    answer = http.get("/v1/console/logs", params=asked)
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "No job that is shown keeps such a log.",
    )


def test_job_without_a_log_has_no_lines(console, cloud, http):
    cloud.deliveries = [RUN]
    console()
    asked = {"kind": "function", "id": "t-judge-challenger"}
    assert http.get("/v1/console/logs", params=asked).json() == {"lines": []}


def ask(http, sql):
    return http.post("/v1/console/query", json={"sql": sql})


def test_query_is_answered_as_a_table(console, cloud, http):
    pages = {
        None: {
            "ColumnMetadata": [{"name": "n", "typeName": "int8"}],
            "Records": [[{"longValue": 1}]],
            "TotalNumRows": 2,
            "NextToken": "more",
        },
        "more": {"Records": [[{"isNull": True}]]},
    }
    cloud.get_statement_result = lambda Id, NextToken=None: pages[NextToken]
    told = ask(http, "SELECT n FROM fact_flights;").json()
    assert (told["columns"], told["rows"], told["total"]) == (
        [{"name": "n", "type": "int8"}],
        [[1], [None]],
        2,
    )
    assert cloud.calls[-1] == "SELECT n FROM fact_flights"


def test_statement_that_writes_never_reaches_the_warehouse(console, cloud, http):
    answer = ask(http, "DROP TABLE fact_flights")
    assert (answer.status_code, cloud.calls) == (422, [])
    assert "this begins with DROP" in answer.json()["detail"]


def test_box_that_is_switched_off_asks_nothing_and_says_so(cloud):
    cloud.deploy()
    settings = ApiSettings(pipeline_name="t", fresh_seconds=0, patience_seconds=5)
    with TestClient(create_app(settings, cloud)) as http:
        answer = ask(http, "SELECT 1")
        told = http.get("/v1/console").json()["pipeline"]["query_box_off"]
    assert (answer.status_code, cloud.calls) == (403, [])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == told
    assert "API_QUERY_BOX" in told


def test_what_the_warehouse_says_of_a_query_is_told(console, cloud, http):
    cloud.describe_statement = lambda Id: {"Status": "FAILED", "Error": 'column "x" is not there'}
    answer = ask(http, "SELECT x")
    assert (answer.status_code, answer.json()["detail"]) == (400, 'column "x" is not there')


def test_query_without_a_warehouse(http):
    assert ask(http, "SELECT 1").status_code == 503


def test_report_is_not_read_again(console, cloud):
    key = ("t-lake", "monitoring/t/reports/2013-04-01-14d/report.json")
    cloud.objects[key] = report("2013-04-01", "2013-04-15", "2")
    plain, reads = cloud.paginate, []

    def tagged(**request):
        for page in plain(**request):
            yield {"Contents": [item | {"ETag": "1"} for item in page.get("Contents", ())]}

    def get_object(*, Bucket, Key):
        reads.append(Key)
        return {"Body": io.BytesIO(cloud.objects[Bucket, Key])}

    others = cloud.get_paginator
    objects = type("Objects", (), {"paginate": staticmethod(tagged)})
    cloud.get_paginator = lambda name: objects if name == "list_objects_v2" else others(name)
    cloud.get_object = get_object
    console()
    before = reads.count(key[1])
    console()
    assert before == reads.count(key[1]) > 0
