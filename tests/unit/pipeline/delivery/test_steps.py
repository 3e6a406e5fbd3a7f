"""What a step is told, what it exports, and what it asks AWS for."""

import re
import shlex
from datetime import date

import boto3
import pytest
from botocore.validate import validate_parameters

from pipeline.config import Settings
from pipeline.delivery import baseline, exports, gate, jobs, package, release, smoke
from pipeline.delivery.settings import NOTHING, Told
from pipeline.deploy.execute import Deployer
from pipeline.deploy.stacks import Template
from pipeline.errors import SettingError
from pipeline.orchestration import registry
from pipeline.orchestration.run import Run
from pipeline.orchestration.serving import Served

OUTPUTS = {
    "ArtifactsBucket": "artifacts",
    "LakeBucket": "lake",
    "EndpointName": "t",
    "ModelImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
    "ModelPackageGroupName": "t-flight-delay",
}
TOLD = Told(
    {
        "SNAPSHOT": "snapshots/flights/abc/",
        "WINDOW_FIRST": "2013-03-17",
        "WINDOW_UNTIL": "2013-03-31",
        "MODEL_DATA_URL": "s3://artifacts/models/t-1/output/model.tar.gz",
        "MINIMUM_GAIN": "0.002",
        "GATE_ROLE_ARN": "arn:aws:iam::000000000000:role/t-gate",
    }
)
CHAMPION = Served("s3://artifacts/models/t-0/output/model.tar.gz")
JOB = {
    "TrainingJobName": "t-1",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://artifacts/models/t-1/output/model.tar.gz"},
    "FinalMetricDataList": [{"MetricName": "auc", "Value": 0.7512345678}],
    "InputDataConfig": [
        {"DataSource": {"S3DataSource": {"S3Uri": "s3://lake/snapshots/flights/abc/"}}}
    ],
}


@pytest.fixture
def run():
    return Run(Settings(name="tt"), 90, Deployer("tt", 1, OUTPUTS))


@pytest.fixture
def uploaded(monkeypatch):
    """The bundle is in S3 already, as far as a request is concerned."""
    monkeypatch.setattr("pipeline.deploy.bundle.upload", lambda bucket, item: False)


def accepts(operation, request):
    model = boto3.client("sagemaker", "us-east-1").meta.service_model
    return validate_parameters(request, model.operation_model(operation).input_shape)


@pytest.mark.parametrize(
    ("window", "until"),
    [
        ("latest", None),
        ("2013-05-01", date(2013, 5, 1)),
        ("2013-04-17-14d", date(2013, 5, 1)),
    ],
)
def test_window_ends_where_the_run_says(window, until):
    assert Told({"WINDOW": window}).until() == until


def test_window_begins_so_many_days_before():
    assert Told({"TEST_DAYS": "14"}).first(date(2013, 5, 1)) == date(2013, 4, 17)


@pytest.mark.parametrize(
    ("environment", "read", "words"),
    [
        ({"WINDOW": "April"}, lambda told: told.until(), "not 'April'"),
        ({"WINDOW": "2013-02-30"}, lambda told: told.until(), "not '2013-02-30'"),
        ({"WINDOW": "2013-04-17-0d"}, lambda told: told.until(), "not '2013-04-17-0d'"),
        ({"TEST_DAYS": "0"}, lambda told: told.test_days, "must be whole days, not 0"),
        ({"TEST_DAYS": "1.5"}, lambda told: told.test_days, "must be whole days, not 1.5"),
        ({"TEST_DAYS": "two"}, lambda told: told.test_days, "must be a number, not 'two'"),
        ({"DAY": "x"}, lambda told: told.day("DAY"), "must be a day, not 'x'"),
        ({"X": ""}, lambda told: told.of("X"), "needs X in its environment"),
        ({}, lambda told: told.of("X"), "needs X in its environment"),
    ],
)
def test_what_cannot_be_is_named(environment, read, words):
    with pytest.raises(SettingError, match=words):
        read(Told(environment))


@pytest.mark.parametrize(
    ("value", "heard"),
    [
        ("plain", "plain"),
        ("it's $HOME; `ls` $(ls)", "it's $HOME; `ls` $(ls)"),
        ("two\nlines", "two lines"),
        ('says "no" \\ maybe', "says 'no' / maybe"),
        ("x" * 2000, "x" * 900),
    ],
)
def test_shell_hears_what_was_exported(value, heard):
    (line,) = exports.assignments({"NAME": value}).splitlines()
    assert shlex.split(line) == ["export", f"NAME={heard}"]


def test_gate_asks_sagemaker_for_what_it_takes(run, uploaded):
    request = gate.job_request(run, TOLD, CHAMPION)
    assert accepts("CreateProcessingJob", request) is None
    texts = request["AppSpecification"]
    assert max(map(len, texts["ContainerEntrypoint"] + texts["ContainerArguments"])) <= 256
    assert len(request["ProcessingJobName"]) <= 63 - len("-99")
    inputs = {item["InputName"]: item["S3Input"]["S3Uri"] for item in request["ProcessingInputs"]}
    assert inputs["champion"] == CHAMPION.archive
    assert inputs["flights"] == "s3://lake/snapshots/flights/abc/"


def test_gates_job_is_named_after_all_that_its_verdict_depends_on(run, uploaded):
    changes = ("SNAPSHOT", "MODEL_DATA_URL", "MINIMUM_GAIN", "WINDOW_FIRST", "WINDOW_UNTIL")
    other = {"MINIMUM_GAIN": "0.01", "WINDOW_FIRST": "2013-03-01", "WINDOW_UNTIL": "2013-04-01"}
    tolds = [Told({**TOLD.environment, name: other.get(name, "other/")}) for name in changes]
    requests = [gate.job_request(run, told, CHAMPION) for told in (TOLD, *tolds)]
    requests += [gate.job_request(run, TOLD, None), gate.job_request(run, TOLD, Served("s3://x/y"))]
    assert len({request["ProcessingJobName"] for request in requests}) == len(requests)
    again = gate.job_request(run, TOLD, CHAMPION)
    assert again["ProcessingJobName"] == requests[0]["ProcessingJobName"]


def test_first_model_is_compared_with_nobody(run, uploaded):
    request = gate.job_request(run, TOLD, None)
    assert "--champion" not in request["AppSpecification"]["ContainerArguments"]
    assert "champion" not in [item["InputName"] for item in request["ProcessingInputs"]]


def test_entrypoint_hands_the_arguments_on_to_a_module_of_the_source():
    shell, _, command, name = jobs.entrypoint("models.flight_delay.compare")
    assert (shell, name) == ("/bin/bash", "models.flight_delay.compare")
    assert command.startswith("set -e; ")
    assert "tar -xzf ../input/source/*.tar.gz" in command
    assert command.endswith('exec python3 -m models.flight_delay.compare "$@"')


def test_baseline_asks_sagemaker_for_what_it_takes(run, uploaded):
    run.deployer.known |= {"MonitorRoleArn": "arn:aws:iam::000000000000:role/t-monitor"}
    run.deployer.known |= {"MonitorWindowDays": "14"}
    request = baseline.job_request(run, "3", "s3://artifacts/models/t-1/output/model.tar.gz")
    assert accepts("CreateProcessingJob", request) is None
    arguments = request["AppSpecification"]["ContainerArguments"]
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert given["--model-version"] == "3"
    assert given["--window-days"] == "14"


def test_version_is_registered_with_its_lineage(run):
    lineage = {"reason": "calibration", "data_version": "abc", "empty": "", "long": "x" * 300}
    request = registry.package_request(run, JOB, "PendingManualApproval", lineage, "s3://a/report")
    assert accepts("CreateModelPackage", request) is None
    properties = request["CustomerMetadataProperties"]
    assert properties["training_job"] == "t-1"
    assert properties["data"] == "s3://lake/snapshots/flights/abc/"
    assert properties["auc"] == "0.751235"
    assert properties["reason"] == "calibration"
    assert "empty" not in properties
    assert len(properties["long"]) == 256
    assert len(properties) <= 50
    quality = request["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert quality == {"ContentType": "application/json", "S3Uri": "s3://a/report"}


def test_version_without_a_gate_has_no_report(run):
    assert "ModelMetrics" not in registry.package_request(run, JOB, "Approved", {}, "")


def test_gates_numbers_are_properties():
    report = {
        "challenger": {"auc": 0.7512345, "brier": 0.15, "calibration": 1.0, "mlflow_run_id": "r"},
        "champion": {"auc": 0.74, "brier": None},
    }
    assert release.scores(report) == {
        "mlflow_run_id": "r",
        "gate_auc": "0.751235",
        "gate_brier": "0.15",
        "gate_calibration": "1",
        "champion_auc": "0.74",
    }
    assert release.scores({}) == {"mlflow_run_id": ""}


FLIGHTS = [
    {"flight_id": "a", "features": {}, "probability": 0.25},
    {"flight_id": "b", "features": {}, "probability": 0.5},
]


def answer(*probabilities, version="3"):
    told = [{"probability": probability} for probability in probabilities]
    return {"predictions": told, "model_version": version}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(0.25, 0.5), []),
        (answer(0.25, 0.5, version="2"), ["version 2 answers, not 3"]),
        (answer(0.25, 0.500001), ["b gets 0.500001, the gate's model gave 0.5"]),
        (answer(0.25), ["1 answers for 2 flights"]),
        ({"predictions": answer(0.25, 0.5)["predictions"]}, ["version None answers, not 3"]),
    ],
)
def test_smoke_test_wants_the_very_model(given, words):
    assert list(smoke.complaints(given, FLIGHTS, "3")) == words


def test_probability_that_is_none_is_told_without_a_known_one():
    flights = smoke.known_flights(NOTHING)
    assert list(smoke.complaints(answer(0.3), flights, "3")) == []
    assert len(list(smoke.complaints(answer(1.3), flights, "3"))) == 1


def test_what_a_stack_has_stays_unless_something_else_is_known():
    now = {"Name": "t", "ArtifactsBucket": "old", "ShardCount": "4", "Gone": "x"}
    known = {"ArtifactsBucket": "new", "LakeBucket": "lake", "LambdaBundleKey": "bundles/l.zip"}
    found = package.configuration(Template.of("streaming"), now, known, "t")
    assert found == {
        "Parameters": {
            "Name": "t",
            "ArtifactsBucket": "new",
            "LakeBucket": "lake",
            "LambdaBundleKey": "bundles/l.zip",
            "ShardCount": "4",
        },
        "Tags": {"pipeline": "t"},
    }


def test_parameter_that_nothing_gives_is_named():
    with pytest.raises(SettingError, match="streaming needs LakeBucket, LambdaBundleKey, which"):
        package.configuration(
            Template.of("streaming"), {}, {"Name": "t", "ArtifactsBucket": "a"}, "t"
        )


def test_reason_of_an_alarm_becomes_a_property_that_sagemaker_takes():
    said = "t-monitor-calibration: predicted / actual late rate 0.683, allowed 0.798 (of 1)\n"
    found = registry.property_of(said)
    assert found == "t-monitor-calibration: predicted / actual late rate 0.683 allowed 0.798 of 1"
    assert re.fullmatch(r"[\w\s.:/=+\-@]{1,256}", found)
    assert len(registry.property_of("é" * 300)) == 256
    assert registry.property_of("(,)") == ""
