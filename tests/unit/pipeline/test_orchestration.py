"""What stages ask AWS for, and what they conclude from its answers."""

from datetime import date

import boto3
import pytest
from botocore.validate import validate_parameters

from pipeline.config import Settings, settings
from pipeline.deploy.execute import Deployer
from pipeline.errors import SettingError
from pipeline.orchestration import dimensions, logs, raw, training
from pipeline.orchestration.run import Run, digest
from pipeline.producers.tables import folder

OUTPUTS = {
    "ArtifactsBucket": "artifacts",
    "LakeBucket": "lake",
    "ModelImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3",
    "SageMakerRoleArn": "arn:aws:iam::000000000000:role/training",
}


TASK = training.Task("processed/flights/", date(2013, 3, 9))


def run_of(days: int = 90, **given) -> Run:
    return Run(Settings(**given), days, Deployer("t", 1, OUTPUTS))


def test_training_request_is_what_sagemaker_takes():
    request = training.training_request(run_of(), TASK, "bundles/x.tar.gz", "t-1")
    model = boto3.client("sagemaker", "us-east-1").meta.service_model
    report = validate_parameters(request, model.operation_model("CreateTrainingJob").input_shape)
    assert report is None


@pytest.mark.parametrize(
    ("days", "first_test_day"), [(365, "2013-10-01"), (90, "2013-03-09"), (1, "2013-01-01")]
)
def test_three_quarters_of_the_days_train(days, first_test_day):
    assert run_of(days).test_from.isoformat() == first_test_day


def test_hyperparameters_are_json_as_in_the_sdk():
    found = training.hyperparameters(TASK, "s3://a/b.tar.gz", "t-1")
    assert found["sagemaker_program"] == '"models/flight_delay/train.py"'
    assert found["sagemaker_submit_directory"] == '"s3://a/b.tar.gz"'
    assert found["test_from"] == '"2013-03-09"'


def test_tracking_reaches_the_job_by_its_environment():
    request = training.training_request(run_of(mlflow_tracking_uri="http://m"), TASK, "k", "t-1")
    assert request["Environment"] == {"MLFLOW_TRACKING_URI": "http://m"}
    assert training.training_request(run_of(), TASK, "k", "t-1")["Environment"] == {}


def test_metrics_are_told_in_a_few_words():
    found = {"auc": 0.75, "train_rows": 17998.0, "unknown": 1.0}
    job = {"FinalMetricDataList": [{"MetricName": k, "Value": v} for k, v in found.items()]}
    assert training.metrics_of(job) == "auc 0.7500, 17,998 train rows"
    assert training.metrics_of({}) == ""


def test_identities_are_those_of_the_lines():
    text = b'{"event_id":"a#planned","x":1}\n{"event_id": "b\\"c#planned"}\n'
    assert raw.identities(text) == [raw.identity(b"a#planned"), raw.identity(b'b\\"c#planned')]


def test_digest_tells_states_apart():
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_dimension_keeps_unknown_as_null_and_numbers_narrow():
    planes = dimensions.read(folder() / "planes.csv")
    assert planes.num_rows == 3322
    assert str(planes.schema.field("seats").type) == "int32"
    assert planes["year"].null_count == 70


def test_unknown_output_says_what_to_do():
    with pytest.raises(SettingError, match="tt is not deployed here"):
        Run(Settings(name="tt"), 1, Deployer("tt", 1)).output("LakeBucket")


def test_bad_setting_names_its_variable(monkeypatch):
    monkeypatch.setenv("PIPELINE_NAME", "Bad_Name")
    settings.cache_clear()
    with pytest.raises(SettingError, match="PIPELINE_NAME cannot be 'Bad_Name'"):
        settings()
    settings.cache_clear()


def test_log_tail_leaves_out_what_the_jvm_says_of_itself():
    messages = ["Caused by: no Parquet\n\tat a.b.C(D.java:1)\n\t... 9 more\n", "", "bye"]
    assert logs.telling(messages) == ("Caused by: no Parquet", "bye")


def test_reason_is_one_line():
    assert logs.first_line("Py4JJavaError: no Parquet\n\tat a.b") == "Py4JJavaError: no Parquet"
    assert logs.first_line("") == "no reason given"
