"""Schedules and definitions as records: what is kept, listed and refused."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.sagemaker.monitoring import (
    ANALYZER,
    CLARIFY,
    NOW,
    baseline_job,
    definition,
    endpoint_input,
    execution,
    output_config,
    schedule,
)
from tests.contract.sagemaker.processing import ended, resources

HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def data_quality(sagemaker, unique, bucket, role):
    """A definition of an endpoint that is not there."""
    request = definition("DataQuality", unique, unique, bucket, role)
    sagemaker.create_data_quality_job_definition(**request)
    yield request
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=unique)


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]


def test_definition_is_described_and_listed(sagemaker, data_quality, unique):
    found = sagemaker.describe_data_quality_job_definition(JobDefinitionName=unique)
    assert {name: found[name] for name in data_quality} == data_quality
    assert found["JobDefinitionArn"].endswith(f":data-quality-job-definition/{unique}")
    (summary,) = sagemaker.list_data_quality_job_definitions(EndpointName=unique)[
        "JobDefinitionSummaries"
    ]
    assert summary["MonitoringJobDefinitionName"] == unique
    assert summary["EndpointName"] == unique
    error = refused(sagemaker.create_data_quality_job_definition, **data_quality)
    assert error["Code"] == "ResourceInUse"
    error = refused(sagemaker.describe_data_quality_job_definition, JobDefinitionName="nobody")
    assert error["Code"] == "ResourceNotFound"


def test_schedule_is_stopped_started_changed_and_deleted(sagemaker, data_quality, unique):
    request = schedule("DataQuality", unique, HOURLY)
    tags = [{"Key": "team", "Value": "x"}]
    arn = sagemaker.create_monitoring_schedule(**request, Tags=tags)["MonitoringScheduleArn"]
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == tags

    def status():
        return sagemaker.describe_monitoring_schedule(MonitoringScheduleName=unique)[
            "MonitoringScheduleStatus"
        ]

    assert status() == "Scheduled"
    sagemaker.stop_monitoring_schedule(MonitoringScheduleName=unique)
    assert status() == "Stopped"
    sagemaker.start_monitoring_schedule(MonitoringScheduleName=unique)
    assert status() == "Scheduled"
    daily = schedule("DataQuality", unique, {"ScheduleExpression": "cron(0 12 ? * * *)"})
    sagemaker.update_monitoring_schedule(**daily)
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=unique)
    assert found["MonitoringScheduleConfig"] == daily["MonitoringScheduleConfig"]
    assert found["EndpointName"] == unique
    assert found["MonitoringType"] == "DataQuality"
    assert "LastMonitoringExecutionSummary" not in found
    (summary,) = sagemaker.list_monitoring_schedules(EndpointName=unique)[
        "MonitoringScheduleSummaries"
    ]
    assert summary["MonitoringJobDefinitionName"] == unique
    assert refused(sagemaker.create_monitoring_schedule, **request)["Code"] == "ResourceInUse"
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=unique)
    error = refused(sagemaker.describe_monitoring_schedule, MonitoringScheduleName=unique)
    assert error["Code"] == "ResourceNotFound"


def test_execution_of_a_missing_endpoint_fails(sagemaker, data_quality, unique, waiting):
    sagemaker.create_monitoring_schedule(**schedule("DataQuality", unique))
    found = execution(sagemaker, waiting, unique)
    last = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=unique)[
        "LastMonitoringExecutionSummary"
    ]
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=unique)
    assert found["MonitoringExecutionStatus"] == "Failed"
    assert "Could not find endpoint" in found["FailureReason"]
    assert last == found


@pytest.mark.parametrize("kind", ["ModelBias", "ModelExplainability"])
def test_execution_of_what_is_not_computed_fails_by_name(
    sagemaker, bucket, role, unique, waiting, kind
):
    application = {"ImageUri": CLARIFY, "ConfigUri": f"s3://{bucket}/config.json"}
    request = definition(
        kind, unique, unique, bucket, role, **{f"{kind}AppSpecification": application}
    )
    noun = "model_bias" if kind == "ModelBias" else "model_explainability"
    if kind == "ModelBias":
        request[f"{kind}JobInput"]["GroundTruthS3Input"] = {"S3Uri": f"s3://{bucket}/truth"}
    getattr(sagemaker, f"create_{noun}_job_definition")(**request)
    found = getattr(sagemaker, f"describe_{noun}_job_definition")(JobDefinitionName=unique)
    assert found[f"{kind}AppSpecification"] == application
    sagemaker.create_monitoring_schedule(**schedule(kind, unique))
    found = execution(sagemaker, waiting, unique)
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=unique)
    getattr(sagemaker, f"delete_{noun}_job_definition")(JobDefinitionName=unique)
    assert found["MonitoringExecutionStatus"] == "Failed"
    assert found["FailureReason"].startswith(f"{kind} monitoring is not emulated")


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"ScheduleExpression": "rate(1 hour)"}, "Invalid ScheduleExpression rate(1 hour)"),
        ({"ScheduleExpression": "cron(5 * ? * * *)"}, "Invalid ScheduleExpression"),
        ({"ScheduleExpression": "NOW"}, "are required when ScheduleExpression is NOW"),
        ({**NOW, "DataAnalysisStartTime": "-P2D"}, "24 hours at most"),
        ({**NOW, "DataAnalysisStartTime": "an hour"}, "Invalid time offset an hour"),
    ],
)
def test_schedule_of_another_grammar_is_refused(sagemaker, data_quality, unique, when, message):
    request = schedule("DataQuality", unique, when)
    error = refused(sagemaker.create_monitoring_schedule, **request)
    assert error["Code"] == "ValidationException"
    assert message in error["Message"]


def test_schedule_names_what_it_runs(sagemaker, data_quality, unique, bucket, role):
    config = {"ScheduleConfig": HOURLY}
    request = {"MonitoringScheduleName": unique, "MonitoringScheduleConfig": config}
    error = refused(sagemaker.create_monitoring_schedule, **request)
    assert "Either MonitoringJobDefinition or" in error["Message"]
    request = schedule("DataQuality", "nobody", HOURLY)
    assert refused(sagemaker.create_monitoring_schedule, **request)["Code"] == "ResourceNotFound"
    config["MonitoringJobDefinition"] = {
        "MonitoringInputs": [endpoint_input(unique)],
        "MonitoringOutputConfig": output_config(f"s3://{bucket}/reports"),
        "MonitoringResources": resources(),
        "MonitoringAppSpecification": {"ImageUri": ANALYZER},
        "RoleArn": role,
    }
    request = {"MonitoringScheduleName": unique, "MonitoringScheduleConfig": config}
    sagemaker.create_monitoring_schedule(**request)
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=unique)
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=unique)
    assert found["MonitoringScheduleConfig"] == config
    assert found["EndpointName"] == unique


@pytest.mark.parametrize(
    "member", ["RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri"]
)
def test_scripts_within_the_analysis_are_refused_by_name(sagemaker, bucket, role, unique, member):
    request = definition("DataQuality", unique, unique, bucket, role)
    request["DataQualityAppSpecification"][member] = f"s3://{bucket}/script.py"
    error = refused(sagemaker.create_data_quality_job_definition, **request)
    assert member in error["Message"]


def test_alerts_are_refused_by_name(sagemaker, unique):
    error = refused(sagemaker.list_monitoring_alerts, MonitoringScheduleName=unique)
    assert "ListMonitoringAlerts" in error["Message"]


def test_analyzer_says_what_it_cannot_read(aws, sagemaker, bucket, role, unique, waiting):
    aws("s3").put_object(Bucket=bucket, Key="baseline.csv", Body=b"a,b\n1,2,3\n1,2\n1,2,3,4\n")
    sagemaker.create_processing_job(**baseline_job(unique, bucket, role))
    job = ended(sagemaker, waiting, unique)
    assert job["ProcessingJobStatus"] == "Failed"
    reason = job["FailureReason"]
    assert reason.startswith("AlgorithmError: Error: baseline.csv is not csv: ")
    assert reason.endswith(", exit code: 255")
