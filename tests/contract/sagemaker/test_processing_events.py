"""Jobs, versions and schedules tell EventBridge where they are, in the words of Describe."""

import json

import pytest

from tests.contract.sagemaker.monitoring import definition, schedule
from tests.contract.sagemaker.processing import IMAGE, ended, resources


@pytest.fixture
def heard(aws, unique, waiting):
    """`heard(what, fits)`: the first of SageMaker's events that fits, once it is there."""
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    kinds = ["Training Job", "Processing Job", "Model Package", "Monitoring Schedule"]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": [f"SageMaker {kind} State Change" for kind in kinds],
    }
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule=unique, Targets=[target])
    kept = []

    def fitting(fits):
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        kept.extend(json.loads(message["Body"]) for message in received.get("Messages", []))
        return next((event for event in kept if fits(event["detail"])), None)

    yield lambda what, fits: waiting(what, lambda: fitting(fits), 60)
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)
    sqs.delete_queue(QueueUrl=queue)


def milliseconds(time):
    return round(time.timestamp() * 1000)


def test_processing_job_tells_its_failure(sagemaker, unique, role, waiting, heard):
    application = {"ImageUri": IMAGE, "ContainerEntrypoint": ["sh", "-c", "exit 3"]}
    sagemaker.create_processing_job(
        ProcessingJobName=unique,
        RoleArn=role,
        AppSpecification=application,
        ProcessingResources=resources(),
    )
    job = ended(sagemaker, waiting, unique)

    def is_in(status):
        return lambda detail: (
            detail.get("ProcessingJobName") == unique and detail["ProcessingJobStatus"] == status
        )

    event = heard("the end of the job", is_in("Failed"))
    assert event["detail-type"] == "SageMaker Processing Job State Change"
    assert event["resources"] == [job["ProcessingJobArn"]]
    assert event["detail"]["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert event["detail"]["AppSpecification"] == application
    assert event["detail"]["ProcessingEndTime"] == milliseconds(job["ProcessingEndTime"])
    heard("its beginning", is_in("InProgress"))


def test_training_job_tells_its_end(sagemaker, unique, request_for, run, heard):
    job = run(request_for("", Tags=[{"Key": "team", "Value": "x"}]))

    def is_completed(detail):
        return detail.get("TrainingJobName") == unique and detail["SecondaryStatus"] == "Completed"

    detail = heard("the end of the job", is_completed)["detail"]
    assert detail["TrainingJobStatus"] == "Completed"
    assert detail["ModelArtifacts"] == job["ModelArtifacts"]
    assert detail["TrainingEndTime"] == milliseconds(job["TrainingEndTime"])
    assert detail["Tags"] == {"team": "x"}


def test_version_tells_its_approval(sagemaker, unique, bucket, heard):
    sagemaker.create_model_package_group(ModelPackageGroupName=unique)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=unique, InferenceSpecification={"Containers": [container]}
    )["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=unique)

    def is_in(status):
        return lambda detail: (
            detail.get("ModelPackageArn") == arn and detail["ModelApprovalStatus"] == status
        )

    event = heard("the approval", is_in("Approved"))
    assert event["resources"] == [arn]
    assert event["detail"]["ModelPackageGroupName"] == unique
    assert event["detail"]["ModelPackageVersion"] == 1
    assert event["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert event["detail"]["InferenceSpecification"]["Containers"] == [container]
    assert event["detail"]["CreationTime"].endswith("Z")
    made = heard("its registration", is_in("PendingManualApproval"))
    assert "UpdatedModelPackageFields" not in made["detail"]


def test_schedule_tells_that_it_is_stopped(sagemaker, unique, bucket, role, heard):
    sagemaker.create_data_quality_job_definition(
        **definition("DataQuality", unique, unique, bucket, role)
    )
    when = {"ScheduleExpression": "cron(0 * ? * * *)"}
    sagemaker.create_monitoring_schedule(**schedule("DataQuality", unique, when))
    sagemaker.stop_monitoring_schedule(MonitoringScheduleName=unique)
    event = heard("the stop", lambda detail: detail.get("MonitoringScheduleStatus") == "Stopped")
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=unique)
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=unique)
    assert event["detail"]["MonitoringScheduleName"] == unique
