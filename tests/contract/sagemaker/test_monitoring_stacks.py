"""CloudFormation's types of the registry, of processing and of monitoring."""

import json

import pytest
from botocore.exceptions import ClientError, WaiterError

from tests.contract.sagemaker.monitoring import definition, schedule
from tests.contract.sagemaker.processing import IMAGE, resources

FAST = {"Delay": 1, "MaxAttempts": 120}
HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}


@pytest.fixture
def sagemaker(aws):
    return aws("sagemaker")


@pytest.fixture
def cloudformation(aws):
    return aws("cloudformation")


@pytest.fixture
def deploy(cloudformation, unique):
    """`deploy({...})`: the resources' references and attributes, of a stack that is or changes."""
    made = []

    def bring(**found):
        outputs = {}
        for name, resource in found.items():
            outputs[f"{name}Ref"] = {"Value": {"Ref": name}}
            if attribute := resource.pop("Tell", None):
                outputs[f"{name}Told"] = {"Value": {"Fn::GetAtt": [name, attribute]}}
        template = {
            "Parameters": {"One": {"Type": "Number", "Default": 1}},
            "Resources": found,
            "Outputs": outputs,
        }
        verb = "update" if made else "create"
        call = getattr(cloudformation, f"{verb}_stack")
        made.append(call(StackName=unique, TemplateBody=json.dumps(template)))
        waiter = cloudformation.get_waiter(f"stack_{verb}_complete")
        waiter.wait(StackName=unique, WaiterConfig=FAST)
        told = cloudformation.describe_stacks(StackName=unique)["Stacks"][0]["Outputs"]
        return {item["OutputKey"]: item["OutputValue"] for item in told}

    yield bring
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)


def group(name, policy=None):
    properties = {"ModelPackageGroupName": name}
    if policy:
        properties["ModelPackageGroupPolicy"] = policy
    return {
        "Type": "AWS::SageMaker::ModelPackageGroup",
        "Properties": properties,
        "Tell": "ModelPackageGroupStatus",
    }


def version(bucket, **changes):
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/m.tar.gz"}
    return {
        "Type": "AWS::SageMaker::ModelPackage",
        "DependsOn": "Group",
        "Properties": {
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            **changes,
        },
        "Tell": "ModelPackageStatus",
    }


def test_registry_changes_in_place(sagemaker, deploy, unique, bucket):
    of_group = {"ModelPackageGroupName": unique}
    policy = {"Version": "2012-10-17", "Statement": []}
    metadata = {"CustomerMetadataProperties": {"auc": "0.7", "old": "1"}}
    told = deploy(Group=group(unique), Version=version(bucket, **of_group, **metadata))
    assert told["GroupRef"].endswith(f":model-package-group/{unique}")
    assert told["GroupTold"] == told["VersionTold"] == "Completed"
    arn = told["VersionRef"]
    assert arn.endswith(f":model-package/{unique}/1")
    approved = {
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "good",
        "CustomerMetadataProperties": {"auc": "0.8"},
    }
    told = deploy(Group=group(unique, policy), Version=version(bucket, **of_group, **approved))
    assert told["VersionRef"] == arn
    found = sagemaker.describe_model_package(ModelPackageName=arn)
    assert {name: found[name] for name in approved} == approved
    kept = sagemaker.get_model_package_group_policy(ModelPackageGroupName=unique)
    assert json.loads(kept["ResourcePolicy"]) == policy
    described = {"ModelPackageDescription": "another"}
    told = deploy(Group=group(unique), Version=version(bucket, **of_group, **described))
    assert told["VersionRef"].endswith(f":model-package/{unique}/2")
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName=unique)
    (left,) = sagemaker.list_model_packages(ModelPackageGroupName=unique)["ModelPackageSummaryList"]
    assert left["ModelPackageArn"] == told["VersionRef"]


def test_monitor_of_a_stack_changes_in_place(sagemaker, deploy, unique, bucket, role):
    properties = definition("DataQuality", unique, unique, bucket, role, EndpointName=unique)
    properties["JobResources"]["ClusterConfig"]["InstanceCount"] = {"Ref": "One"}
    quality = {
        "Type": "AWS::SageMaker::DataQualityJobDefinition",
        "Properties": properties,
        "Tell": "CreationTime",
    }

    def plan(when):
        return {
            "Type": "AWS::SageMaker::MonitoringSchedule",
            "DependsOn": "Quality",
            "Properties": schedule("DataQuality", unique, when),
            "Tell": "MonitoringScheduleStatus",
        }

    told = deploy(Quality=dict(quality), Plan=plan(HOURLY))
    assert told["QualityRef"].endswith(f":data-quality-job-definition/{unique}")
    assert told["PlanRef"].endswith(f":monitoring-schedule/{unique}")
    assert told["PlanTold"] == "Scheduled"
    daily = {"ScheduleExpression": "cron(0 6 ? * * *)"}
    assert deploy(Quality=dict(quality), Plan=plan(daily))["PlanRef"] == told["PlanRef"]
    found = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=unique)
    assert found["MonitoringScheduleConfig"]["ScheduleConfig"] == daily


def job(role, line):
    return {
        "Type": "AWS::SageMaker::ProcessingJob",
        "Properties": {
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["sh", "-c", line]},
            "ProcessingResources": resources(),
            "RoleArn": role,
        },
        "Tell": "ProcessingJobStatus",
    }


def test_processing_job_of_a_stack_has_completed(sagemaker, deploy, unique, role):
    told = deploy(Job=job(role, "true"))
    assert told["JobTold"] == "Completed"
    name = told["JobRef"].rsplit("/", 1)[-1]
    assert name.startswith(f"{unique}-Job-")


def test_processing_job_that_fails_fails_its_stack(cloudformation, deploy, unique, role):
    with pytest.raises(WaiterError):
        deploy(Job=job(role, "exit 4"))
    events = cloudformation.describe_stack_events(StackName=unique)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("AlgorithmError: , exit code: 4" in reason for reason in reasons)
