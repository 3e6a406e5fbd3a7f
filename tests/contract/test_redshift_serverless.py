"""Redshift Serverless: namespaces and workgroups, by the API and by CloudFormation."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal


@pytest.fixture
def serverless(aws):
    return aws("redshift-serverless")


@pytest.fixture
def namespace(serverless, unique):
    made = serverless.create_namespace(namespaceName=unique, dbName="flights")["namespace"]
    yield made
    for workgroup in serverless.list_workgroups()["workgroups"]:
        if workgroup["namespaceName"] == unique:
            serverless.delete_workgroup(workgroupName=workgroup["workgroupName"])
    serverless.delete_namespace(namespaceName=unique)


def test_namespace_has_the_guides_defaults(serverless, unique):
    made = serverless.create_namespace(namespaceName=unique)["namespace"]
    assert (made["dbName"], made["adminUsername"], made["status"]) == ("dev", "admin", "AVAILABLE")
    assert made["namespaceArn"].endswith(f":namespace/{made['namespaceId']}")
    assert serverless.get_namespace(namespaceName=unique)["namespace"] == made
    deleted = serverless.delete_namespace(namespaceName=unique)["namespace"]
    assert deleted["status"] == "DELETING"
    assert refusal(serverless.get_namespace, namespaceName=unique) == (
        "ResourceNotFoundException",
        f"Serverless namespace {unique} not found.",
    )


def test_managed_password_is_a_secret(aws, serverless, unique):
    made = serverless.create_namespace(namespaceName=unique, manageAdminPassword=True)["namespace"]
    value = aws("secretsmanager").get_secret_value(SecretId=made["adminPasswordSecretArn"])
    assert json.loads(value["SecretString"])["username"] == "admin"
    serverless.delete_namespace(namespaceName=unique)
    code, _ = refusal(
        aws("secretsmanager").get_secret_value, SecretId=made["adminPasswordSecretArn"]
    )
    assert code == "ResourceNotFoundException"


def test_workgroup_is_made_changed_and_deleted(serverless, namespace, unique):
    made = serverless.create_workgroup(
        workgroupName=unique,
        namespaceName=unique,
        baseCapacity=8,
        tags=[{"key": "a", "value": "b"}],
    )["workgroup"]
    assert (made["status"], made["baseCapacity"]) == ("AVAILABLE", 8)
    tags = serverless.list_tags_for_resource(resourceArn=made["workgroupArn"])["tags"]
    assert tags == [{"key": "a", "value": "b"}]
    changed = serverless.update_workgroup(workgroupName=unique, baseCapacity=16)["workgroup"]
    assert changed["baseCapacity"] == 16
    assert unique in [one["workgroupName"] for one in serverless.list_workgroups()["workgroups"]]
    serverless.delete_workgroup(workgroupName=unique)
    assert refusal(serverless.get_workgroup, workgroupName=unique) == (
        "ResourceNotFoundException",
        f"Serverless workgroup {unique} not found.",
    )


def test_no_port_is_promised_that_nobody_listens_on(serverless, namespace, unique):
    made = serverless.create_workgroup(workgroupName=unique, namespaceName=unique)["workgroup"]
    assert "endpoint" not in made


def test_names_are_taken_once(serverless, namespace, unique):
    code, message = refusal(serverless.create_namespace, namespaceName=unique)
    assert (code, message) == ("ConflictException", f"Namespace {unique} already exists.")
    serverless.create_workgroup(workgroupName=unique, namespaceName=unique)
    code, _ = refusal(serverless.create_workgroup, workgroupName=unique, namespaceName=unique)
    assert code == "ConflictException"
    code, message = refusal(serverless.delete_namespace, namespaceName=unique)
    assert code == "ConflictException"
    assert f"associated with workgroup {unique}" in message


@pytest.mark.parametrize(
    "request_",
    [
        {"baseCapacity": 7},
        {"port": 80},
        {"workgroupName": "Upper"},
    ],
)
def test_workgroup_values_are_checked(serverless, namespace, unique, request_):
    wanted = {"workgroupName": unique, "namespaceName": unique} | request_
    code, _ = refusal(serverless.create_workgroup, **wanted)
    assert code == "ValidationException"


def test_default_role_needs_the_whole_list(serverless, namespace, unique):
    role = "arn:aws:iam::000000000000:role/r"
    assert refusal(serverless.update_namespace, namespaceName=unique, defaultIamRoleArn=role) == (
        "ValidationException",
        "To change the default IAM role, you must specify the entire list of IAM roles.",
    )
    changed = serverless.update_namespace(
        namespaceName=unique, defaultIamRoleArn=role, iamRoles=[role]
    )
    assert changed["namespace"]["defaultIamRoleArn"] == role


def test_credentials_are_for_a_workgroup(serverless, namespace, unique):
    code, _ = refusal(serverless.get_credentials, workgroupName=unique)
    assert code == "ResourceNotFoundException"
    serverless.create_workgroup(workgroupName=unique, namespaceName=unique)
    answer = serverless.get_credentials(workgroupName=unique, dbName="flights")
    assert answer["dbUser"].startswith("IAM")


@pytest.mark.parametrize(
    "operation", ["list_snapshots", "list_recovery_points", "list_usage_limits"]
)
def test_what_is_not_computed_is_refused_by_name(serverless, operation):
    with pytest.raises(ClientError) as caught:
        getattr(serverless, operation)()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "redshift-serverless.List" in str(caught.value)


def test_clusters_are_refused_by_name(aws):
    with pytest.raises(ClientError) as caught:
        aws("redshift").create_cluster(
            ClusterIdentifier="c",
            NodeType="ra3.large",
            MasterUsername="a",
            MasterUserPassword="Abc12345",
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "redshift.CreateCluster is not emulated" in str(caught.value)


TEMPLATE = {
    "Parameters": {"Capacity": {"Type": "Number", "Default": 8}},
    "Resources": {
        "Namespace": {
            "Type": "AWS::RedshiftServerless::Namespace",
            "Properties": {"NamespaceName": {"Ref": "AWS::StackName"}, "DbName": "flights"},
        },
        "Workgroup": {
            "Type": "AWS::RedshiftServerless::Workgroup",
            "Properties": {
                "WorkgroupName": {"Ref": "AWS::StackName"},
                "NamespaceName": {"Ref": "Namespace"},
                "BaseCapacity": {"Ref": "Capacity"},
                "Tags": [{"Key": "team", "Value": "data"}],
            },
        },
    },
    "Outputs": {
        "Name": {"Value": {"Ref": "Workgroup"}},
        "NameToo": {"Value": {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupName"]}},
        "Arn": {"Value": {"Fn::GetAtt": ["Namespace", "Namespace.NamespaceArn"]}},
        "Status": {"Value": {"Fn::GetAtt": ["Workgroup", "Workgroup.Status"]}},
    },
}


def test_stack_makes_updates_and_deletes_both(aws, serverless, unique):
    cloud = aws("cloudformation")
    body = json.dumps(TEMPLATE)
    cloud.create_stack(StackName=unique, TemplateBody=body)
    cloud.get_waiter("stack_create_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    stack = cloud.describe_stacks(StackName=unique)["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    namespace = serverless.get_namespace(namespaceName=unique)["namespace"]
    assert outputs == {
        "Name": unique,
        "NameToo": unique,
        "Arn": namespace["namespaceArn"],
        "Status": "AVAILABLE",
    }
    capacity = [{"ParameterKey": "Capacity", "ParameterValue": "16"}]
    cloud.update_stack(StackName=unique, TemplateBody=body, Parameters=capacity)
    cloud.get_waiter("stack_update_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    workgroup = serverless.get_workgroup(workgroupName=unique)["workgroup"]
    assert workgroup["baseCapacity"] == 16
    cloud.delete_stack(StackName=unique)
    cloud.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    code, _ = refusal(serverless.get_namespace, namespaceName=unique)
    assert code == "ResourceNotFoundException"


def test_stack_fails_on_what_is_not_computed(aws, waiting, unique):
    cloud = aws("cloudformation")
    properties = {"NamespaceName": unique, "FinalSnapshotName": "last"}
    namespace = {"Type": "AWS::RedshiftServerless::Namespace", "Properties": properties}
    cloud.create_stack(
        StackName=unique, TemplateBody=json.dumps({"Resources": {"Namespace": namespace}})
    )
    waiting(
        "the rollback",
        lambda: cloud.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"].endswith(
            ("ROLLBACK_COMPLETE", "CREATE_FAILED")
        ),
    )
    events = cloud.describe_stack_events(StackName=unique)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("FinalSnapshotName" in reason for reason in reasons)
