"""EMR in CloudFormation: an application, a cluster and a step as a template declares them."""

import json

import pytest

TEMPLATE = {
    "Parameters": {"Idle": {"Type": "Number", "Default": 5}},
    "Resources": {
        "Application": {
            "Type": "AWS::EMRServerless::Application",
            "Properties": {
                "Name": {"Ref": "AWS::StackName"},
                "Type": "Spark",
                "ReleaseLabel": "emr-7.9.0",
                "AutoStopConfiguration": {"Enabled": True, "IdleTimeoutMinutes": {"Ref": "Idle"}},
                "InitialCapacity": [
                    {
                        "Key": "Driver",
                        "Value": {
                            "WorkerCount": 1,
                            "WorkerConfiguration": {"Cpu": "2 vCPU", "Memory": "4 GB"},
                        },
                    }
                ],
                "RuntimeConfiguration": [
                    {
                        "Classification": "spark-defaults",
                        "Properties": {"spark.driver.cores": "2"},
                    }
                ],
                "Tags": [{"Key": "team", "Value": "flights"}],
            },
        },
        "Cluster": {
            "Type": "AWS::EMR::Cluster",
            "Properties": {
                "Name": {"Ref": "AWS::StackName"},
                "ReleaseLabel": "emr-7.9.0",
                "Applications": [{"Name": "Spark"}],
                "JobFlowRole": "EMR_EC2_DefaultRole",
                "ServiceRole": "EMR_DefaultRole",
                "Instances": {
                    "MasterInstanceGroup": {"InstanceCount": 1, "InstanceType": "m5.xlarge"},
                    "CoreInstanceGroup": {"InstanceCount": 2, "InstanceType": "m5.xlarge"},
                },
                "Configurations": [
                    {
                        "Classification": "spark-defaults",
                        "ConfigurationProperties": {"spark.driver.memory": "1g"},
                    }
                ],
            },
        },
        "Step": {
            "Type": "AWS::EMR::Step",
            "Properties": {
                "Name": "hello",
                "ActionOnFailure": "CONTINUE",
                "JobFlowId": {"Ref": "Cluster"},
                "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["echo", "hello"]},
            },
        },
    },
    "Outputs": {
        "Application": {"Value": {"Ref": "Application"}},
        "Arn": {"Value": {"Fn::GetAtt": ["Application", "Arn"]}},
        "Cluster": {"Value": {"Ref": "Cluster"}},
        "Step": {"Value": {"Ref": "Step"}},
    },
}
FAST = {"Delay": 1, "MaxAttempts": 300}


@pytest.fixture
def cloudformation(aws):
    return aws("cloudformation")


def outputs(cloudformation, name: str) -> dict[str, str]:
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def test_a_stack_creates_changes_and_deletes(cloudformation, serverless, emr, unique):
    body = json.dumps(TEMPLATE)
    cloudformation.create_stack(StackName=unique, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=FAST)
    made = outputs(cloudformation, unique)
    application = serverless.get_application(applicationId=made["Application"])["application"]
    assert application["arn"] == made["Arn"]
    assert application["initialCapacity"]["Driver"]["workerConfiguration"]["cpu"] == "2 vCPU"
    assert application["runtimeConfiguration"][0]["properties"] == {"spark.driver.cores": "2"}
    assert application["tags"]["team"] == "flights"
    emr.get_waiter("step_complete").wait(
        ClusterId=made["Cluster"], StepId=made["Step"], WaiterConfig=FAST
    )
    cluster = emr.describe_cluster(ClusterId=made["Cluster"])["Cluster"]
    assert cluster["Configurations"][0]["Properties"] == {"spark.driver.memory": "1g"}

    parameter = {"ParameterKey": "Idle", "ParameterValue": "7"}
    cloudformation.update_stack(StackName=unique, TemplateBody=body, Parameters=[parameter])
    cloudformation.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=FAST)
    assert outputs(cloudformation, unique) == made
    application = serverless.get_application(applicationId=made["Application"])["application"]
    assert application["autoStopConfiguration"]["idleTimeoutMinutes"] == 7

    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)
    gone = serverless.get_application(applicationId=made["Application"])["application"]
    assert gone["state"] == "TERMINATED"
    state = emr.describe_cluster(ClusterId=made["Cluster"])["Cluster"]["Status"]["State"]
    assert state == "TERMINATED"
