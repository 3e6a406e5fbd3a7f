"""What one stack takes from another, and rules that stand between two groups."""

import json

import pytest

from tests.contract.refusals import refusal

FAST = {"Delay": 1, "MaxAttempts": 60}
OPEN = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}


def topic(name) -> str:
    shown = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}
    return json.dumps({"Resources": {"Topic": shown}})


@pytest.fixture
def stack(aws, unique):
    """`stack(body)`: create a stack; deleted afterwards. Gives its outputs."""
    client = aws("cloudformation")

    def create(body: str) -> dict[str, str]:
        client.create_stack(StackName=unique, TemplateBody=body)
        client.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=FAST)
        (made,) = client.describe_stacks(StackName=unique)["Stacks"]
        return {out["OutputKey"]: out["OutputValue"] for out in made.get("Outputs", [])}

    yield create
    client.delete_stack(StackName=unique)
    client.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=FAST)


def test_what_nobody_exports_is_not_imported(aws, unique):
    body = topic({"Fn::ImportValue": f"{unique}:none"})
    created = refusal(aws("cloudformation").create_stack, StackName=unique, TemplateBody=body)
    assert created == ("ValidationError", f"No export named {unique}:none found.")


def test_groups_may_let_each_other_in(aws, stack):
    groups = {
        name: {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"GroupDescription": "of a test", "VpcId": vpc(aws)},
        }
        for name in ("One", "Two")
    }
    rules = {
        f"{name}Lets": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {
                **OPEN,
                "GroupId": {"Ref": name},
                "SourceSecurityGroupId": {"Ref": other},
            },
        }
        for name, other in (("One", "Two"), ("Two", "One"))
    }
    shown = {name: {"Value": {"Ref": name}} for name in (*groups, *rules)}
    made = stack(json.dumps({"Resources": {**groups, **rules}, "Outputs": shown}))
    found = aws("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [made["One"]]}]
    )["SecurityGroupRules"]
    (rule,) = [each for each in found if not each["IsEgress"]]
    assert rule["SecurityGroupRuleId"] == made["OneLets"]
    assert rule["ReferencedGroupInfo"]["GroupId"] == made["Two"]


def vpc(aws) -> str:
    default = [{"Name": "is-default", "Values": ["true"]}]
    (found,) = aws("ec2").describe_vpcs(Filters=default)["Vpcs"]
    return found["VpcId"]
