"""Monitoring schedules run the analyzer over what an endpoint has captured."""

import random
from collections import Counter

import pytest

from tests.contract.sagemaker.monitoring import (
    baseline_job,
    capture,
    definition,
    endpoint_input,
    execution,
    put_lines,
    read,
    schedule,
    truth,
)
from tests.contract.sagemaker.processing import ended, keys, log_lines
from tests.contract.sagemaker.serving import variant

ROWS = 600


@pytest.fixture
def monitored(model, unique, bucket, endpoint):
    """An endpoint that captures to `captures/`."""
    capturing = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captures",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }
    endpoint(variant(model()), DataCaptureConfig=capturing)
    return unique


@pytest.fixture
def run(sagemaker, waiting):
    """A schedule's one execution, and its end."""

    def create_and_wait(kind, name):
        sagemaker.create_monitoring_schedule(**schedule(kind, name))
        try:
            return execution(sagemaker, waiting, name)
        finally:
            sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)

    return create_and_wait


def rows(seed, shift=0.0):
    chance = random.Random(seed)
    return [
        (round(chance.random(), 3), chance.gauss(shift, 1), chance.choice(["JFK", "LGA"]))
        for _ in range(ROWS)
    ]


def test_drifted_captures_violate_the_baseline(
    aws, sagemaker, monitored, bucket, role, unique, waiting, run
):
    s3 = aws("s3")
    lines = [f"{score},{delay},{origin}" for score, delay, origin in rows(1)]
    body = "\n".join(["score,delay,origin", *lines]).encode()
    s3.put_object(Bucket=bucket, Key="baseline.csv", Body=body)
    sagemaker.create_processing_job(**baseline_job(f"{unique}-base", bucket, role))
    job = ended(sagemaker, waiting, f"{unique}-base")
    assert job["ExitMessage"] == "Completed: Job completed successfully with no violations."
    assert sorted(keys(s3, bucket, "baseline/")) == [
        "baseline/constraints.json",
        "baseline/statistics.json",
    ]
    captured = [
        capture(number, f"{delay},{origin}", str(score))
        for number, (score, delay, origin) in enumerate(rows(2, shift=2.0))
    ]
    put_lines(s3, bucket, f"captures/{monitored}/main", captured)
    sagemaker.create_data_quality_job_definition(
        **definition("DataQuality", unique, monitored, bucket, role)
    )
    summary = run("DataQuality", unique)
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=unique)
    assert summary["MonitoringExecutionStatus"] == "CompletedWithViolations", summary
    name = summary["ProcessingJobArn"].rsplit("/", 1)[-1]
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    assert job["ExitMessage"].startswith("CompletedWithViolations: ")
    assert job["MonitoringScheduleArn"].endswith(f":monitoring-schedule/{unique}")
    assert job["ExitMessage"] in log_lines(aws("logs"), name)
    hour = f"{summary['ScheduledTime']:%Y/%m/%d/%H}"
    folder = f"reports/{monitored}/{unique}/{hour}"
    violations = read(s3, bucket, f"{folder}/constraint_violations.json")["violations"]
    assert [(item["feature_name"], item["constraint_check_type"]) for item in violations] == [
        ("delay", "baseline_drift_check")
    ]
    statistics = read(s3, bucket, f"{folder}/statistics.json")
    assert statistics["dataset"]["item_count"] == ROWS
    assert [item["name"] for item in statistics["features"]] == ["score", "delay", "origin"]
    told = aws("cloudwatch").list_metrics(
        Namespace="aws/sagemaker/Endpoints/data-metrics",
        MetricName="feature_baseline_drift_delay",
        Dimensions=[{"Name": "MonitoringSchedule", "Value": unique}],
    )["Metrics"]
    assert Counter(len(metric["Dimensions"]) for metric in told) == {2: 1, 3: 1}


def test_model_quality_joins_the_truth(
    aws, sagemaker, monitored, bucket, role, unique, waiting, run
):
    s3 = aws("s3")
    lines = ["label,probability", *(f"{n % 2},{0.9 if n % 2 else 0.1}" for n in range(200))]
    s3.put_object(Bucket=bucket, Key="baseline.csv", Body="\n".join(lines).encode())
    request = baseline_job(
        f"{unique}-base",
        bucket,
        role,
        analysis_type="MODEL_QUALITY",
        problem_type="BinaryClassification",
        ground_truth_attribute="label",
        probability_attribute="probability",
        probability_threshold_attribute="0.5",
    )
    sagemaker.create_processing_job(**request)
    assert ended(sagemaker, waiting, f"{unique}-base")["ProcessingJobStatus"] == "Completed"
    captured = [capture(n, "1,2", "0.9" if n % 4 else "0.1") for n in range(100)]
    put_lines(s3, bucket, f"captures/{monitored}/main", captured)
    put_lines(s3, bucket, "truth", [truth(n, str(n % 2)) for n in range(80)])
    job_input = endpoint_input(
        monitored, ProbabilityAttribute="0", ProbabilityThresholdAttribute=0.5
    )
    job_input["GroundTruthS3Input"] = {"S3Uri": f"s3://{bucket}/truth"}
    asked = definition("ModelQuality", unique, monitored, bucket, role)
    asked["ModelQualityJobInput"] = job_input
    asked["ModelQualityAppSpecification"]["ProblemType"] = "BinaryClassification"
    sagemaker.create_model_quality_job_definition(**asked)
    summary = run("ModelQuality", unique)
    sagemaker.delete_model_quality_job_definition(JobDefinitionName=unique)
    assert summary["MonitoringExecutionStatus"] == "CompletedWithViolations", summary
    folder = f"reports/{monitored}/{unique}/{summary['ScheduledTime']:%Y/%m/%d/%H}"
    statistics = read(s3, bucket, f"{folder}/statistics.json")
    assert statistics["dataset"]["item_count"] == 80
    metrics = statistics["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 20, "1": 20}, "1": {"0": 0, "1": 40}}
    assert metrics["auc"]["value"] == 0.75
    violations = read(s3, bucket, f"{folder}/constraint_violations.json")["violations"]
    broken = {item["metric_name"]: item["constraint_check_type"] for item in violations}
    assert broken["auc"] == "LessThanThreshold"
    assert broken["false_positive_rate"] == "GreaterThanThreshold"
    assert "recall" not in broken
    told = aws("cloudwatch").list_metrics(
        Namespace="aws/sagemaker/Endpoints/model-metrics",
        MetricName="auc",
        Dimensions=[{"Name": "MonitoringSchedule", "Value": unique}],
    )["Metrics"]
    assert len(told) == 1


def test_execution_without_data_fails_and_says_so(sagemaker, monitored, bucket, role, unique, run):
    sagemaker.create_data_quality_job_definition(
        **definition("DataQuality", unique, monitored, bucket, role)
    )
    summary = run("DataQuality", unique)
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=unique)
    assert summary["MonitoringExecutionStatus"] == "Failed"
    assert summary["FailureReason"] == "Job inputs had no data"
    assert "ProcessingJobArn" not in summary
