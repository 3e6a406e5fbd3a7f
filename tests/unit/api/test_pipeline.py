"""`GET /pipeline`, `/health` and the pages: true of what is deployed, and never an error page."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from api.core import deployment
from api.core.clock import now
from api.core.stages.warehouse import Warehouse
from pipeline.contracts.features import FEATURE_NAMES

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stages(http):
    return lambda: http.get("/pipeline").json()["stages"]


def figures(stage):
    return {figure["key"]: figure["value"] for figure in stage["figures"]}


def test_stacks_are_the_templates():
    templates = {path.stem for path in (ROOT / "pipeline/templates").glob("*")}
    assert set(deployment.STACKS) == templates


def test_nothing_deployed_is_told_kindly(http):
    told = http.get("/pipeline").json()
    assert (told["reachable"], told["deployed"]) == (True, False)
    assert {stage["state"] for stage in told["stages"].values()} == {"absent"}
    assert told["stages"]["endpoint"]["summary"] == "The endpoint is not deployed yet."


def test_unreachable_aws_is_told_in_one_place(http, cloud):
    cloud.down.add("cloudformation")
    told = http.get("/pipeline").json()
    assert (told["reachable"], told["stages"]) == (False, {})
    assert "Could not connect" in told["reason"]
    health = http.get("/health")
    assert (health.status_code, health.json()["ready"]) == (200, {"aws": False, "endpoint": False})


def test_part_that_cannot_be_read_takes_nothing_with_it(http, cloud, stages):
    cloud.deploy()
    cloud.down.add("glue")
    told = stages()
    assert (told["features"]["state"], told["endpoint"]["state"]) == ("unknown", "done")
    assert "Could not connect" in told["features"]["summary"]


def test_answer_that_is_not_understood_is_unknown(cloud, stages):
    cloud.deploy()
    cloud.describe_stream_summary = lambda **request: {}
    assert stages()["stream"]["state"] == "unknown"


def test_stream_and_ingest_show_the_last_day(cloud, stages):
    cloud.deploy()
    cloud.metrics = {
        ("AWS/Kinesis", "IncomingRecords"): 245_318.0,
        ("AWS/Kinesis", "IncomingBytes"): 84_500_321.0,
        ("AWS/Lambda", "Invocations"): 162.0,
    }
    cloud.objects = {("t-lake", f"poison/t-events/{number}.json"): b"{}" for number in range(3)}
    told = stages()
    assert figures(told["stream"]) == {"records": 245_318, "bytes": 84_500_321, "shards": 2}
    assert told["ingest"]["summary"] == "162 runs in 24 h, 3 records set aside"
    assert figures(told["ingest"])["errors"] == 0


def test_batches_given_up_are_a_failure(cloud, stages):
    cloud.deploy()
    cloud.objects = {("t-lake", f"aws/lambda/mapping/{number}"): b"{}" for number in range(2)}
    assert stages()["ingest"]["state"] == "failed"


def test_lake_counts_objects_bytes_and_partitions_without_markers(cloud, stages):
    cloud.deploy()
    cloud.objects = {
        ("t-lake", "raw/type=planned/month=2013-01/a.jsonl"): b"12345",
        ("t-lake", "raw/type=arrived/month=2013-01/a.jsonl"): b"123",
        ("t-lake", "processed/flights/_SUCCESS"): b"",
        ("t-lake", "processed/flights/month=2013-01/a.parquet"): b"1",
    }
    told = stages()
    assert figures(told["raw"]) == {"objects": 2, "bytes": 8, "partitions": 2}
    assert figures(told["processed"]) == {"objects": 1, "bytes": 1, "partitions": 1}


@pytest.mark.parametrize(
    ("run", "state"), [("SUCCEEDED", "done"), ("RUNNING", "busy"), ("FAILED", "failed")]
)
def test_spark_job_is_where_its_newest_run_is(cloud, stages, run, state):
    cloud.deploy()
    started = now() - timedelta(minutes=2)
    old = {"Id": "1", "JobRunState": "STOPPED", "StartedOn": started - timedelta(hours=1)}
    new = {"Id": "2", "JobRunState": run, "StartedOn": started, "ExecutionTime": 61}
    cloud.runs = [old, new]
    told = stages()["features"]
    assert told["state"] == state
    assert [entry["id"] for entry in told["entries"]] == ["2", "1"]
    assert told["facts"]["crawler"]["last"] == "SUCCEEDED"


def test_warehouse_counts_rows_of_its_own_tables(cloud, stages):
    cloud.deploy()
    cloud.tables = {"flights": 80_789, 'odd"name': 1}
    told = stages()["warehouse"]
    assert figures(told) == {"rows": 80_790, "tables": 2}
    assert 'from "public"."odd""name"' in cloud.calls[0]


def test_warehouse_is_asked_again_only_after_a_statement_of_another_or_long_after(cloud):
    cloud.deploy()
    cloud.tables = {"flights": 1}
    cloud.statements = [{"Id": "copy", "StatementName": "load"}]
    deployed, time = deployment.read_deployment(cloud, "t"), iter([0, 1, 2, 3, 700, 701])
    warehouse = Warehouse(cloud, 600, clock=lambda: next(time))
    asked = []
    for statement in (None, None, {"Id": "copy-2", "StatementName": "load"}, None):
        cloud.statements += [statement] if statement else []
        warehouse.read(deployed)
        asked.append(len(cloud.calls))
    assert asked == [1, 1, 2, 3]


def test_count_that_fails_is_told(cloud, stages):
    cloud.deploy()
    cloud.tables = {"flights": 1}
    cloud.describe_statement = lambda **request: {"Status": "FAILED", "Error": "no permission"}
    assert stages()["warehouse"]["summary"] == "counting the rows failed: no permission"


def test_training_shows_the_newest_job_with_its_metrics(cloud, stages):
    cloud.deploy()
    cloud.jobs = [
        {
            "TrainingJobName": "t-1",
            "TrainingJobStatus": "Completed",
            "CreationTime": now(),
            "TrainingTimeInSeconds": 38,
            "FinalMetricDataList": [{"MetricName": "auc", "Value": 0.742}],
        }
    ]
    told = stages()["training"]
    assert figures(told) == {"auc": 0.742, "seconds": 38}
    assert told["entries"][0]["metrics"] == {"auc": 0.742}


def test_failed_training_tells_why(cloud, stages):
    cloud.deploy()
    cloud.jobs = [
        {
            "TrainingJobName": "t-1",
            "TrainingJobStatus": "Failed",
            "FailureReason": "AlgorithmError: exit code 1",
            "CreationTime": now(),
        }
    ]
    told = stages()["training"]
    assert (told["state"], told["summary"]) == ("failed", "failed: AlgorithmError: exit code 1")


@pytest.mark.parametrize(
    ("status", "state"), [("InService", "done"), ("Creating", "busy"), ("Failed", "failed")]
)
def test_endpoint_is_where_sagemaker_says(http, cloud, stages, status, state):
    cloud.deploy()
    cloud.endpoint["EndpointStatus"] = status
    assert stages()["endpoint"]["state"] == state
    assert http.get("/health").json()["ready"]["endpoint"] is (status == "InService")


def test_stack_that_failed_keeps_its_reason(http, cloud):
    cloud.deploy("storage")
    cloud.stacks["t-lake"] = {"StackStatus": "ROLLBACK_COMPLETE", "StackStatusReason": "no role"}
    stacks = {stack["name"]: stack for stack in http.get("/pipeline").json()["stacks"]}
    assert stacks["lake"]["reason"] == "no role"
    assert (stacks["storage"]["status"], stacks["serving"]["status"]) == (
        "CREATE_COMPLETE",
        "NOT_DEPLOYED",
    )


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_page_and_everything_that_it_loads_come_from_here(http, path):
    page = http.get(path)
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="(/pages/[^"]+)"', page.text)
    assert loaded
    for name in loaded:
        text = http.get(name).text
        outside = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not outside, name
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_openapi_names_every_feature_of_the_contract(http):
    request = http.get("/openapi.json").json()["components"]["schemas"]["FlightRequest"]
    derived = {"carrier", "flight", "origin", "dest", "scheduled_departure"}
    assert set(request["properties"]) == derived | set(FEATURE_NAMES)
    assert set(request["required"]) == derived


def test_empty_tables_are_not_a_full_warehouse(cloud, stages):
    cloud.deploy()
    cloud.tables = {"flights": 0}
    told = stages()["warehouse"]
    assert (told["state"], told["summary"]) == ("idle", "1 tables, all empty")


def test_health_asks_for_little(http, cloud):
    cloud.deploy()
    cloud.down |= {"redshift-data", "glue", "s3", "kinesis"}
    cloud.tables = {"flights": 1}
    assert http.get("/health").json()["ready"] == {"aws": True, "endpoint": True}
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("instances", "scored", "state"),
    [
        ([], None, "busy"),
        (["Pending", "InService"], 5, "busy"),
        (["InService", "InService"], None, "idle"),
        (["InService", "InService"], 5, "done"),
    ],
)
def test_workers_are_counted_in_their_group(cloud, stages, instances, scored, state):
    cloud.deploy()
    cloud.workers = instances
    if scored:
        cloud.metrics["Terrarium/Consumers", "Predictions"] = scored
    told = stages()["workers"]
    assert told["state"] == state
    assert figures(told)["scored"] == scored
    assert figures(told)["instances"] == instances.count("InService")
    assert [entry["state"] for entry in told["entries"]] == instances


@pytest.mark.parametrize(
    ("status", "state", "summary"),
    [
        ("Succeeded", "done", "newest run succeeded, Gate failed"),
        ("Failed", "failed", "newest run failed, Gate failed"),
        ("InProgress", "busy", "newest run inprogress, Gate failed"),
    ],
)
def test_delivery_is_where_its_newest_run_is(cloud, stages, status, state, summary):
    cloud.deploy()
    began = now() - timedelta(minutes=3)
    run = {"startTime": began, "lastUpdateTime": began + timedelta(seconds=90)}
    trigger = {"triggerType": "StartPipelineExecution"}
    cloud.deliveries = [
        {**run, "pipelineExecutionId": "newest", "status": status, "trigger": trigger},
        {**run, "pipelineExecutionId": "older", "status": "Succeeded"},
    ]
    told = stages()["delivery"]
    assert (told["state"], told["summary"]) == (state, summary)
    assert figures(told)["runs"] == 2
    assert figures(told)["delivered"] == 1 + (status == "Succeeded")
    took = [None if status == "InProgress" else 90, 90]
    assert [entry["seconds"] for entry in told["entries"]] == took


def test_delivery_that_never_ran_waits(cloud, stages):
    cloud.deploy()
    assert stages()["delivery"]["state"] == "idle"


def report(window, outcome="ok", violations=(), auc=0.75):
    return json.dumps(
        {
            "window": window,
            "outcome": outcome,
            "model_version": "1",
            "summary": {"auc": auc, "calibration": 0.8},
            "violations": list(violations),
        }
    ).encode()


def test_monitor_shows_its_newest_windows(cloud, stages):
    cloud.deploy()
    root = "monitoring/t/"
    drift = {"check": "ScoreDrift", "sentence": "PSI of the score 0.400, allowed 0.200"}
    for window, told in (
        ("2013-04-01-14d", report("2013-04-01-14d")),
        ("2013-04-15-14d", report("2013-04-15-14d", "violated", [drift, drift], 0.7)),
    ):
        cloud.objects["t-lake", f"{root}reports/{window}/report.json"] = told
        cloud.objects["t-lake", f"{root}reports/{window}/statistics.json"] = b"{}"
    cloud.objects["t-lake", f"{root}retrainings/2013-04-29.json"] = b"{}"
    told = stages()["monitor"]
    assert told["state"] == "done"
    assert told["summary"] == (
        "2013-04-15-14d: ScoreDrift: PSI of the score 0.400, allowed 0.200, and 1 more"
    )
    assert figures(told) == {"windows": 2, "auc": 0.7, "calibration": 0.8, "retrainings": 1}
    assert [entry["said"] for entry in told["entries"]] == [
        "AUC 0.700 · version 1",
        "AUC 0.750 · version 1",
    ]


def test_monitor_waits_for_its_first_window(cloud, stages):
    cloud.deploy()
    assert stages()["monitor"]["state"] == "idle"
