"""The stages around the API: its service, its gateway, the stream's features, the dashboards."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from api.core.deployment import Deployment
from api.core.stages.dashboards import read_dashboards
from api.core.stages.gateway import read_gateway
from api.core.stages.rolling import Rolling
from api.core.stages.service import read_service

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DONE = {
    "status": "PRIMARY",
    "rolloutState": "COMPLETED",
    "taskDefinition": "arn:task-definition/t-api:3",
    "runningCount": 2,
    "desiredCount": 2,
}
MOVING = DONE | {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment in progress."}
BROKEN = DONE | {"rolloutState": "FAILED", "rolloutStateReason": "The circuit breaker rang."}
EVENT = "(service t-api) deregistered 1 targets in (target-group arn:aws:x:r:0:targetgroup/t/1)"
DASHBOARD = "arn:aws:quicksight:eu-west-1:000000000000:dashboard/t-flights"


def figures(stage):
    return {figure.key: figure.value for figure in stage.figures}


@pytest.fixture
def outputs(cloud):
    cloud.deploy()
    return Deployment(
        outputs={
            item["OutputKey"]: item["OutputValue"]
            for stack in cloud.stacks.values()
            for item in stack["Outputs"]
        }
    )


def service(running, *deployments):
    return {
        "status": "ACTIVE",
        "serviceName": "t-api",
        "runningCount": running,
        "desiredCount": 2,
        "taskDefinition": "arn:task-definition/t-api:3",
        "deployments": list(deployments),
        "events": [{"createdAt": START, "message": EVENT}],
    }


@pytest.mark.parametrize(
    ("told", "targets", "state", "summary"),
    [
        (service(2, DONE), ["healthy"] * 2, "done", "2 of 2 tasks run, deployed as t-api:3"),
        (service(1, DONE), ["healthy"], "busy", "1 of 2 tasks run, deployed as t-api:3"),
        (
            service(4, MOVING, DONE | {"status": "ACTIVE"}),
            ["healthy", "draining"],
            "busy",
            "4 of 2 tasks run, t-api:3 is being rolled out",
        ),
        (
            service(2, BROKEN),
            ["healthy"] * 2,
            "failed",
            "2 of 2 tasks run, t-api:3 failed: The circuit breaker rang.",
        ),
        (service(2, DONE), ["unhealthy"] * 2, "failed", "2 of 2 tasks run, deployed as t-api:3"),
    ],
)
def test_service_is_where_ecs_and_the_load_balancer_say(
    cloud, outputs, told, targets, state, summary
):
    cloud.service, cloud.targets = told, targets
    stage = read_service(cloud, outputs)
    assert (stage.state, stage.summary) == (state, summary)
    assert figures(stage)["healthy"] == targets.count("healthy")
    assert stage.facts["notes"] == ["Image t-api:3:tag"]
    assert stage.facts["events"][0]["text"] == (
        "deregistered 1 targets in (target-group targetgroup/t/1)"
    )
    assert [entry["state"] for entry in stage.entries[-len(targets) :]] == targets


def test_service_that_is_not_there_is_absent(cloud, outputs):
    assert read_service(cloud, outputs).state == "absent"


def test_gateway_counts_what_was_asked_and_refused(cloud, outputs):
    idle = read_gateway(cloud, outputs)
    cloud.metrics = {("AWS/ApiGateway", "Count"): 1200.0, ("AWS/ApiGateway", "4XXError"): 30.0}
    asked = read_gateway(cloud, outputs)
    assert (idle.state, asked.state) == ("idle", "done")
    assert asked.summary == "1,200 requests in 24 h, 30 refused"


def job(state, hours, **more):
    times = {"createdAt": START + timedelta(hours=hours), "updatedAt": START + timedelta(hours=9)}
    return {"id": f"job-{hours}", "state": state, **times, **more}


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        ([], "idle"),
        ([job("FAILED", 0), job("RUNNING", 1)], "busy"),
        ([job("CANCELLED", 0)], "done"),
        ([job("FAILED", 2, stateDetails="exit code 1"), job("SUCCESS", 1)], "failed"),
    ],
)
def test_stream_job_is_where_its_newest_run_is(cloud, runs, state):
    cloud.get_application = lambda applicationId: {"application": {"state": "STARTED"}}
    cloud.list_job_runs = lambda applicationId, maxResults: {"jobRuns": runs}
    cloud.objects = {
        ("t-lake", f"features/flights/date=2013-01-0{day}/flights.json.gz"): gzip.compress(
            b"{}\n" * day
        )
        for day in (1, 2)
    } | {
        ("t-lake", "features/newest.json.gz"): gzip.compress(
            json.dumps({"as_of": "2013-01-03T10:00:00Z", "values": {}}).encode()
        )
    }
    outputs = {"StreamApplicationId": "app", "LakeBucket": "t-lake"}
    stage = Rolling(cloud).read(Deployment(outputs=outputs))
    assert (stage.state, figures(stage)["settled"]) == (state, 3)
    assert stage.facts["notes"] == ["Application started", "Newest event 2013-01-03 10:00:00 UTC"]


@pytest.mark.parametrize(
    ("endpoint", "status", "state", "link"),
    [
        (
            None,
            "COMPLETED",
            "done",
            "https://eu-west-1.quicksight.aws.amazon.com/sn/dashboards/t-flights",
        ),
        (
            "http://there/",
            "RUNNING",
            "busy",
            "http://there/sn/dashboards/t-flights",
        ),
        (
            "http://there",
            "FAILED",
            "failed",
            "http://there/sn/dashboards/t-flights",
        ),
    ],
)
def test_dashboard_has_a_link_and_the_copy_that_it_draws(cloud, endpoint, status, state, link):
    version = {"Status": "CREATION_SUCCESSFUL", "VersionNumber": 2, "Sheets": [{}, {}]}
    copies = [
        {"IngestionId": "1", "IngestionStatus": "COMPLETED", "CreatedTime": START}
        | {"RowInfo": {"RowsIngested": 7}, "IngestionTimeInSeconds": 0},
        {"IngestionId": "2", "IngestionStatus": status, "CreatedTime": START + timedelta(1)}
        | {"RowInfo": {"RowsIngested": 9}, "IngestionTimeInSeconds": 1},
    ]
    cloud.describe_dashboard = lambda AwsAccountId, DashboardId: {
        "Dashboard": {"Name": "Flights", "Version": version}
    }
    cloud.list_ingestions = lambda AwsAccountId, DataSetId, MaxResults: {"Ingestions": copies}
    outputs = {"DashboardArn": DASHBOARD, "RoutesDataSetArn": "arn:dataset/t-routes"}
    stage = read_dashboards(cloud, Deployment(outputs=outputs), endpoint)
    assert (stage.state, stage.facts["link"]["href"]) == (state, link)
    assert figures(stage) == {"sheets": 2, "rows": 9 if status == "COMPLETED" else 7}
