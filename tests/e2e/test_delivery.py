"""From a source to a model in service, or to a reason why not: stories of one laptop, in order."""

import json
from datetime import date, timedelta

import pytest

from pipeline.deploy.bundle import tarred
from pipeline.deploy.stacks import Template
from tests.e2e import delivery
from tests.e2e.cloud import ARTIFACTS, LAKE, NAME, log, model_files, objects, training_jobs
from tests.e2e.conftest import running
from tests.e2e.delivery import LoopLaptop
from tests.e2e.load import under_load
from tests.waiting import wait_until

DAYS = 64
"""The window of two weeks begins after what the first model was trained on."""

GATE = "models/flight_delay/gate.py"
MODEL = "models/flight_delay/model.py"
BROKEN = {GATE: ("return all(rule.passed for rule in self.rules)", "return True")}
WORSE = {MODEL: ("rounds: int = 120", "rounds: int = 2")}


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    yield from running(LoopLaptop(tmp_path_factory.mktemp("laptop")))


@pytest.fixture(scope="module")
def first_run(laptop):
    """The run of a source whose unit tests fail; a pipeline that is created runs, but not here."""
    laptop.tell(DAYS)
    laptop.run("pipeline", "deploy")
    known = delivery.abandon(laptop)
    delivery.upload(laptop, delivery.changed_source(BROKEN))
    return delivery.next_run(laptop, known)


@pytest.fixture(scope="module")
def delivered(laptop, first_run):
    """A sound source: what it trains is no better, and is delivered when nothing is asked of it."""
    known = delivery.runs(laptop)
    before = delivery.configuration(laptop)
    delivery.upload(laptop, delivery.changed_source())
    refused = delivery.next_run(laptop, known)
    unchanged = (
        delivery.configuration(laptop) == before,
        delivery.versions(laptop) == {1: "Approved"},
    )
    laptop.aws("codepipeline").start_pipeline_execution(
        name=delivery.PIPELINE,
        variables=[
            {"name": "Reason", "value": "a story"},
            {"name": "MinimumGain", "value": "-1"},
        ],
    )
    taken = delivery.next_run(laptop, [*known, refused])
    return refused, unchanged, taken


def test_failing_unit_test_stops_the_delivery_and_its_report_names_it(laptop, first_run):
    assert first_run["status"] == "Failed"
    done = delivery.actions(laptop, first_run)
    assert set(done) == {"Upload", "Test"}
    assert "pytest" in delivery.result(done["Test"])["errorDetails"]["message"]
    build = delivery.result(done["Test"])["externalExecutionId"]
    assert "test_worse_model_loses_with_its_reason" in set(delivery.failed_tests(laptop, build))
    assert delivery.versions(laptop) == {1: "Approved"}


def test_challenger_that_is_no_better_changes_nothing(laptop, delivered):
    refused, unchanged, _ = delivered
    assert refused["status"] == "Failed"
    done = delivery.actions(laptop, refused)
    said = delivery.exported(done["Compare"])["VERDICT"]
    assert said.startswith("The challenger loses: ")
    assert delivery.result(done["Judge"])["errorDetails"] == {"code": "JobFailed", "message": said}
    assert not {"Register", "Release", "Serving"} & set(done)
    assert unchanged == (True, True)


def test_delivered_model_serves_as_a_version_with_its_lineage(laptop, delivered):
    *_, taken = delivered
    done = delivery.actions(laptop, taken)
    assert done["Baseline"]["status"] == taken["status"] == "Succeeded"
    told = delivery.exported(done["Register"])
    assert told["MODEL_VERSION"] == "2"
    version = laptop.aws("sagemaker").describe_model_package(
        ModelPackageName=told["MODEL_PACKAGE_ARN"]
    )
    assert version["ModelApprovalStatus"] == "Approved"
    lineage = version["CustomerMetadataProperties"]
    assert lineage["reason"] == "a story"
    assert lineage["execution"] == taken["pipelineExecutionId"]
    assert lineage["code_version"] == delivery.exported(done["Test"])["CODE_VERSION"]
    assert lineage["training_job"] == delivery.exported(done["Train"])["TRAINING_JOB"]
    assert objects(laptop, LAKE, f"snapshots/flights/{lineage['data_version']}/")
    known = delivery.report(laptop, lineage["gate_report"])["known_flights"]
    answer = laptop.aws("sagemaker-runtime").invoke_endpoint(
        EndpointName=NAME,
        ContentType="application/json",
        Body=json.dumps({"instances": [flight["features"] for flight in known]}),
    )
    told = json.load(answer["Body"])
    assert told["model_version"] == "2"
    wanted = [flight["probability"] for flight in known]
    assert [item["probability"] for item in told["predictions"]] == pytest.approx(wanted, abs=1e-9)


def test_what_was_done_for_the_same_source_and_data_is_not_done_again(laptop, delivered):
    refused, _, taken = delivered
    one, other = delivery.actions(laptop, refused), delivery.actions(laptop, taken)
    for action in ("Prepare", "Train"):
        assert delivery.exported(one[action]) == delivery.exported(other[action])
    assert (
        len(laptop.aws("glue").get_job_runs(JobName=f"{NAME}-build-flight-features")["JobRuns"])
        == 1
    )


def test_monitor_has_a_baseline_of_the_delivered_model(laptop, delivered):
    names = {
        key.rpartition("/")[2] for key in objects(laptop, LAKE, f"monitoring/{NAME}/baselines/2/")
    }
    assert {"statistics.json", "constraints.json", "reference.json"} <= names


def test_worse_challenger_is_refused_by_the_window_that_both_answered(laptop, delivered):
    known, before = delivery.runs(laptop), delivery.configuration(laptop)
    delivery.upload(laptop, delivery.changed_source(WORSE))
    refused = delivery.next_run(laptop, known)
    done = delivery.actions(laptop, refused)
    found = delivery.report(laptop, delivery.exported(done["Compare"])["GATE_REPORT"])
    assert found["outcome"] == "loses"
    assert found["challenger"]["auc"] < found["champion"]["auc"] - 0.01
    assert found["challenger"]["rows"] == found["champion"]["rows"] > 10_000
    message = delivery.result(done["Judge"])["errorDetails"]["message"]
    assert message == found["reason"]
    build = delivery.result(done["Compare"])["externalExecutionId"].partition(":")[2]
    assert message.partition(": ")[2][:60] in log(laptop, f"/aws/codebuild/{NAME}-step", build)
    assert delivery.configuration(laptop) == before
    assert delivery.versions(laptop) == {1: "Approved", 2: "Approved"}


def test_same_source_again_starts_nothing(laptop, delivered):
    count = len(delivery.runs(laptop))
    assert "is uploaded: the delivery starts" in laptop.run("pipeline", "source")
    wait_until("the run of the source", lambda: len(delivery.runs(laptop)) > count or None)
    known = delivery.abandon(laptop)
    assert "is there already: nothing starts" in laptop.run("pipeline", "source")
    assert delivery.runs(laptop) == known


def broken_version(laptop):
    """The served model's archive, with code that raises whatever it is asked."""
    (job, *_) = training_jobs(laptop)
    files = model_files(laptop, job)
    files["code/inference.py"] += (
        b"\n\ndef transform_fn(model, body, content_type, accept):\n"
        b"    raise RuntimeError('broken in service')\n"
    )
    key = "models/broken/model.tar.gz"
    laptop.aws("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=tarred(files))
    sagemaker = laptop.aws("sagemaker")
    served = sagemaker.describe_model_package(ModelPackageName=served_package(laptop))
    (container,) = served["InferenceSpecification"]["Containers"]
    made = sagemaker.create_model_package(
        ModelPackageGroupName=delivery.GROUP,
        InferenceSpecification={
            **{k: v for k, v in served["InferenceSpecification"].items() if k != "Containers"},
            "Containers": [
                {"Image": container["Image"], "ModelDataUrl": f"s3://{ARTIFACTS}/{key}"}
            ],
        },
        ModelApprovalStatus="Approved",
    )
    return made["ModelPackageArn"], f"s3://{ARTIFACTS}/{key}"


def served_package(laptop):
    sagemaker = laptop.aws("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=delivery.configuration(laptop))
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    return model["PrimaryContainer"]["ModelPackageName"]


def test_model_that_raises_is_rolled_back_by_its_alarm_under_load(laptop, delivered):
    cloudformation = laptop.aws("cloudformation")
    before, package = delivery.configuration(laptop), served_package(laptop)
    arn, archive = broken_version(laptop)
    changes = {"ModelPackageArn": arn, "ModelDataUrl": archive, "ModelVersion": "broken"}
    (stack,) = cloudformation.describe_stacks(StackName=f"{NAME}-serving")["Stacks"]
    with under_load(laptop) as load:
        wait_until("a hundred answers", lambda: len(load.answers) > 100)
        assert load.failures() == []
        cloudformation.update_stack(
            StackName=f"{NAME}-serving",
            TemplateBody=Template.of("serving").body,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": changes[key]}
                if (key := item["ParameterKey"]) in changes
                else {"ParameterKey": key, "UsePreviousValue": True}
                for item in stack["Parameters"]
            ],
        )
        ended = wait_until("the stack to rest", lambda: rested(laptop), 600, interval=1)
        back = len(load.answers)
        wait_until("answers afterwards", lambda: len(load.answers) > back + 300)
    assert ended == "UPDATE_ROLLBACK_COMPLETE"
    assert delivery.configuration(laptop) == before
    assert served_package(laptop) == package
    assert {answer for _, answer in load.answers[back:]} == {"version 2"}
    codes = {answer for _, answer in load.answers} - {"version 2"}
    assert codes == {"ModelError"}
    # The canary is half of the fleet and fails always, so until the alarm most requests succeed.
    assert 0 < len(load.failures()) < len(load.answers) / 2
    rang = laptop.aws("cloudwatch").describe_alarm_history(
        AlarmName=f"{NAME}-serving-5xx", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert any("to ALARM" in item["HistorySummary"] for item in rang)


def rested(laptop):
    (stack,) = laptop.aws("cloudformation").describe_stacks(StackName=f"{NAME}-serving")["Stacks"]
    return "" if stack["StackStatus"].endswith("_IN_PROGRESS") else stack["StackStatus"]


def test_two_alarms_in_a_row_start_one_run(laptop, delivered):
    """What the monitor leaves before its metrics is given; everything after it is real."""
    s3, known = laptop.aws("s3"), delivery.runs(laptop)
    root = f"monitoring/{NAME}/"
    service = json.load(s3.get_object(Bucket=LAKE, Key=f"{root}service.json")["Body"])
    until = date.fromisoformat(service["tested_until"]) + timedelta(days=42)
    latest = {
        "window": f"{until - timedelta(days=14)}-14d",
        "first": f"{until - timedelta(days=14)}",
        "until": f"{until}",
        "model_version": service["model_version"],
        "violations": [{"check": "Calibration", "sentence": "0.75 of what happened is predicted"}],
    }
    s3.put_object(Bucket=LAKE, Key=f"{root}latest.json", Body=json.dumps(latest).encode())
    cloudwatch = laptop.aws("cloudwatch")
    for alarm in ("calibration", "score-drift"):
        cloudwatch.set_alarm_state(
            AlarmName=f"{NAME}-monitor-{alarm}", StateValue="ALARM", StateReason="a story"
        )
    started = wait_until("a run", lambda: len(delivery.runs(laptop)) > len(known) or None)
    assert started
    wait_until(
        "both calls to be answered",
        lambda: log(laptop, f"/aws/lambda/{NAME}-start-retraining").count("'sentence': ") >= 2,
    )
    new = delivery.runs(laptop)[: -len(known)]
    assert len(new) == 1
    (record,) = objects(laptop, LAKE, f"{root}retrainings/")
    told = json.load(s3.get_object(Bucket=LAKE, Key=record)["Body"])
    assert told["execution"] == new[0]["pipelineExecutionId"]
    assert "0.75 of what happened" in told["reason"]
    laptop.aws("codepipeline").stop_pipeline_execution(
        pipelineName=delivery.PIPELINE, pipelineExecutionId=told["execution"], abandon=True
    )
