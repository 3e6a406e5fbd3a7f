"""April is not like the winter: a shifted stream leads, with nobody touching anything, to a new
model in service. Every hop is asked for its evidence.

The events are those of the real year. The test only tells them, and gives the Spark job a schedule.
"""

import json

import pytest

from pipeline.contracts.captures import read_capture
from pipeline.contracts.monitoring import REPORT, reports_prefix, retrainings_prefix
from tests.e2e import delivery
from tests.e2e.cloud import LAKE, NAME, body, log, objects, stored
from tests.e2e.conftest import running
from tests.e2e.delivery import LoopLaptop
from tests.waiting import wait_until

WINTER, APRIL = 90, 120
"""Days of the year: the first model knows the quarter; the window from 15 to 28 April is the first
that rings, and complete when flights of 30 April are scored.
"""

LOOP_SECONDS = 900


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    yield from running(LoopLaptop(tmp_path_factory.mktemp("laptop")))


@pytest.fixture(scope="module")
def winter(laptop):
    """The quarter is told, and the loop is closed around the first model."""
    laptop.tell(WINTER)
    delivery.upload(laptop, delivery.changed_source())
    laptop.run("pipeline", "loop")
    delivery.next_run(laptop, [])
    return {"runs": delivery.runs(laptop), "config": delivery.configuration(laptop)}


@pytest.fixture(scope="module")
def closed(laptop, winter):
    """April is told; what the loop did by itself."""
    before = stored(laptop)
    said = laptop.run("pipeline", "produce", "--days", str(APRIL))
    sent = int(said.split(" events sent")[0].split()[-1].replace(",", ""))
    wait_until("April in the lake", lambda: stored(laptop) == before + sent, 300)
    schedule_features(laptop)
    run = wait_until(
        "a run that an alarm started",
        lambda: next(iter(delivery.runs(laptop)[: -len(winter["runs"])]), None),
        LOOP_SECONDS,
        interval=2,
    )
    ended = delivery.next_run(laptop, winter["runs"])
    assert ended["pipelineExecutionId"] == run["pipelineExecutionId"]
    return ended


def schedule_features(laptop):
    """Once a day from now on, as EventBridge Scheduler counts: at once for the first time."""
    cloudformation = laptop.aws("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=f"{NAME}-lake")["Stacks"]
    cloudformation.update_stack(
        StackName=f"{NAME}-lake",
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": "rate(1 day)"}
            if (key := item["ParameterKey"]) == "FeaturesSchedule"
            else {"ParameterKey": key, "UsePreviousValue": True}
            for item in stack["Parameters"]
        ],
    )


def test_window_of_april_violates_what_the_winter_has_taught(laptop, closed):
    keys = [key for key in objects(laptop, LAKE, reports_prefix(NAME)) if key.endswith(REPORT)]
    quiet, loud = (json.loads(body(laptop, LAKE, key)) for key in sorted(keys))
    assert quiet["window"] == "2013-04-01-14d"
    assert (loud["window"], loud["outcome"]) == ("2013-04-15-14d", "violated")
    assert loud["counts"]["scored"] > 10_000
    assert "Calibration" in {item["check"] for item in loud["violations"]}


def test_alarm_rang_and_called(laptop, closed):
    history = laptop.aws("cloudwatch").describe_alarm_history(
        AlarmName=f"{NAME}-monitor-calibration"
    )["AlarmHistoryItems"]
    assert any("to ALARM" in item["HistorySummary"] for item in history)
    assert {"StateUpdate", "Action"} <= {item["HistoryItemType"] for item in history}


def test_function_started_one_run_and_recorded_why(laptop, closed):
    (key,) = objects(laptop, LAKE, retrainings_prefix(NAME))
    record = json.loads(body(laptop, LAKE, key))
    assert record["execution"] == closed["pipelineExecutionId"]
    assert record["execution"] in log(laptop, f"/aws/lambda/{NAME}-start-retraining")
    found = laptop.aws("codepipeline").get_pipeline_execution(
        pipelineName=delivery.PIPELINE, pipelineExecutionId=record["execution"]
    )["pipelineExecution"]
    variables = {item["name"]: item["resolvedValue"] for item in found["variables"]}
    assert variables["Reason"] == record["reason"]
    assert variables["Window"] == record["window"]


def test_challenger_won_on_the_window_that_both_answered(laptop, closed):
    done = delivery.actions(laptop, closed)
    found = delivery.report(laptop, delivery.exported(done["Compare"])["GATE_REPORT"])
    assert found["outcome"] == "wins"
    assert found["challenger"]["auc"] > found["champion"]["auc"]
    assert found["challenger"]["rows"] == found["champion"]["rows"]


def test_new_version_serves_with_the_alarm_as_its_reason(laptop, winter, closed):
    assert closed["status"] == "Succeeded"
    assert delivery.configuration(laptop) != winter["config"]
    newest = max(delivery.versions(laptop))
    told = delivery.exported(delivery.actions(laptop, closed)["Register"])
    assert told["MODEL_VERSION"] == str(newest)
    version = laptop.aws("sagemaker").describe_model_package(
        ModelPackageName=told["MODEL_PACKAGE_ARN"]
    )
    assert version["ModelApprovalStatus"] == "Approved"
    lineage = version["CustomerMetadataProperties"]
    assert lineage["reason"].startswith(f"{NAME}-monitor-")
    assert lineage["execution"] == closed["pipelineExecutionId"]


def captured(laptop) -> set[str]:
    """The versions that have answered named requests."""
    lines = (
        read_capture(line)
        for key in objects(laptop, LAKE, f"captures/{NAME}/")
        for line in body(laptop, LAKE, key).splitlines()
    )
    return {found.model_version for found in lines if found}


def test_captures_tell_which_version_answered(laptop, closed):
    done = delivery.actions(laptop, closed)
    newest = delivery.exported(done["Register"])["MODEL_VERSION"]
    before = {version for version in captured(laptop) if int(version) < int(newest)}
    assert before
    known = delivery.report(laptop, delivery.exported(done["Compare"])["GATE_REPORT"])
    laptop.aws("sagemaker-runtime").invoke_endpoint(
        EndpointName=NAME,
        ContentType="application/json",
        InferenceId="a-story",
        Body=json.dumps({"instances": [flight["features"] for flight in known["known_flights"]]}),
    )
    wait_until("a capture of the new version", lambda: newest in captured(laptop))
    assert before < captured(laptop)
