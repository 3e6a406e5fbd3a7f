"""CloudFormation's types of load balancing: created, changed in place, replaced, deleted."""

import json

import pytest

TYPE = "AWS::ElasticLoadBalancingV2::"


@pytest.fixture
def template(balancing):
    """`template(subnets...)`: a load balancer before a group, with a rule."""

    def make(*, delay: str = "5", text: str = "hello", priority: int = 5, port: int = 80) -> str:
        fixed = {"StatusCode": "200", "MessageBody": text, "ContentType": "text/plain"}
        resources = {
            "Balancer": {
                "Type": f"{TYPE}LoadBalancer",
                "Properties": {
                    "Subnets": balancing.subnets[:2],
                    "LoadBalancerAttributes": [
                        {"Key": "idle_timeout.timeout_seconds", "Value": 30}
                    ],
                    "Tags": [{"Key": "team", "Value": "flights"}],
                },
            },
            "Group": {
                "Type": f"{TYPE}TargetGroup",
                "Properties": {
                    "TargetType": "ip",
                    "Protocol": "HTTP",
                    "Port": port,
                    "VpcId": balancing.vpc,
                    "HealthCheckPath": "/health",
                    "TargetGroupAttributes": [
                        {"Key": "deregistration_delay.timeout_seconds", "Value": delay}
                    ],
                },
            },
            "Listener": {
                "Type": f"{TYPE}Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "Balancer"},
                    "Port": 80,
                    "Protocol": "HTTP",
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}],
                },
            },
            "Rule": {
                "Type": f"{TYPE}ListenerRule",
                "Properties": {
                    "ListenerArn": {"Ref": "Listener"},
                    "Priority": priority,
                    "Conditions": [{"Field": "path-pattern", "Values": ["/hello"]}],
                    "Actions": [{"Type": "fixed-response", "FixedResponseConfig": fixed}],
                },
            },
        }
        outputs = {
            "Name": "Balancer.DNSName",
            "Full": "Balancer.LoadBalancerFullName",
            "Zone": "Balancer.CanonicalHostedZoneID",
            "GroupFull": "Group.TargetGroupFullName",
        }
        told = {name: {"Value": {"Fn::GetAtt": path.split(".")}} for name, path in outputs.items()}
        told |= {name: {"Value": {"Ref": name}} for name in ("Group", "Listener")}
        return json.dumps({"Resources": resources, "Outputs": told})

    return make


def outputs(cloudformation, name: str) -> dict[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}


def test_a_stack_is_made_changed_and_deleted(aws, balancing, template, unique, elbv2, web):
    cloudformation = aws("cloudformation")
    wait = {"Delay": 1, "MaxAttempts": 100}
    cloudformation.create_stack(StackName=unique, TemplateBody=template())
    cloudformation.get_waiter("stack_create_complete").wait(StackName=unique, WaiterConfig=wait)
    told = outputs(cloudformation, unique)
    assert told["Full"].startswith("app/")
    assert told["GroupFull"].startswith("targetgroup/")
    endpoint = elbv2.meta.endpoint_url

    def hello() -> str:
        return web.get(f"{endpoint}/hello", headers={"Host": told["Name"]}).text

    assert hello() == "hello"
    changed = template(delay="7", text="changed", priority=9)
    cloudformation.update_stack(StackName=unique, TemplateBody=changed)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=wait)
    assert outputs(cloudformation, unique) == told
    assert hello() == "changed"
    rules = elbv2.describe_rules(ListenerArn=told["Listener"])["Rules"]
    assert [rule["Priority"] for rule in rules] == ["9", "default"]
    pairs = elbv2.describe_target_group_attributes(TargetGroupArn=told["Group"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "7"} in pairs
    replaced = template(delay="7", text="changed", priority=9, port=8080)
    cloudformation.update_stack(StackName=unique, TemplateBody=replaced)
    cloudformation.get_waiter("stack_update_complete").wait(StackName=unique, WaiterConfig=wait)
    after = outputs(cloudformation, unique)
    assert after["Group"] != told["Group"]
    groups = elbv2.describe_target_groups()["TargetGroups"]
    assert told["Group"] not in [group["TargetGroupArn"] for group in groups]
    cloudformation.delete_stack(StackName=unique)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=unique, WaiterConfig=wait)
    assert after["Group"] not in [
        group["TargetGroupArn"] for group in elbv2.describe_target_groups()["TargetGroups"]
    ]
