"""What AWS refuses is refused in its words, and what nobody computes by its name."""

import pytest

from tests.contract.refusals import refusal


def test_what_is_not_there(elbv2, balancing):
    arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:"
    assert refusal(elbv2.describe_load_balancers, Names=["absent"]) == (
        "LoadBalancerNotFound",
        "Load balancers '[absent]' not found",
    )
    assert refusal(elbv2.describe_target_groups, Names=["absent"]) == (
        "TargetGroupNotFound",
        "One or more target groups not found",
    )
    listener = f"{arn}listener/app/a/b/c"
    assert refusal(elbv2.describe_listeners, ListenerArns=[listener]) == (
        "ListenerNotFound",
        "One or more listeners not found",
    )
    rule = f"{arn}listener-rule/app/a/b/c/d"
    assert refusal(elbv2.delete_rule, RuleArn=rule) == (
        "RuleNotFound",
        "One or more rules not found",
    )
    assert refusal(elbv2.describe_target_health, TargetGroupArn="nonsense") == (
        "ValidationError",
        "'nonsense' is not a valid target group ARN",
    )
    elbv2.delete_load_balancer(LoadBalancerArn=f"{arn}loadbalancer/app/a/b")


def test_what_the_model_declares_is_checked(elbv2, balancing, unique):
    given = {"Name": unique, "Protocol": "HTTP", "Port": 80, "VpcId": balancing.vpc}
    code, message = refusal(elbv2.create_target_group, **given, HealthCheckIntervalSeconds=301)
    assert code == "ValidationError"
    assert message == (
        "1 validation error detected: Value '301' at 'healthCheckIntervalSeconds' failed to "
        "satisfy constraint: Member must have value less than or equal to 300"
    )


def test_load_balancers_that_cannot_be(elbv2, balancing, unique):
    def refused(**members) -> tuple[str, str]:
        given = {"Name": unique, "Subnets": balancing.subnets[:2]}
        return refusal(elbv2.create_load_balancer, **{**given, **members})

    assert refused(Subnets=balancing.subnets[:1]) == (
        "ValidationError",
        "At least two subnets in two different Availability Zones must be specified",
    )
    assert refused(Subnets=["subnet-1", "subnet-2"]) == (
        "SubnetNotFound",
        "The subnet ID 'subnet-1' does not exist",
    )
    assert refused(Name="a_b") == (
        "ValidationError",
        "Load balancer name 'a_b' can only contain characters that are alphanumeric characters or "
        "hyphens(-)",
    )
    made = balancing.balancer(Name=unique)
    again = elbv2.create_load_balancer(Name=unique, Subnets=balancing.subnets[:2])
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == made["LoadBalancerArn"]
    assert refused(Scheme="internal") == (
        "DuplicateLoadBalancerName",
        f"A load balancer with the same name '{unique}' exists, but with different settings",
    )


def test_deletion_protection_and_use_keep_things(elbv2, balancing, forward):
    group, made = balancing.group(), balancing.balancer()
    balancing.listener(made, forward(group))
    assert refusal(elbv2.delete_target_group, TargetGroupArn=group) == (
        "ResourceInUse",
        f"Target group '{group}' is currently in use by a listener or a rule",
    )
    arn = {"LoadBalancerArn": made["LoadBalancerArn"]}

    def protect(value: str) -> None:
        pair = {"Key": "deletion_protection.enabled", "Value": value}
        elbv2.modify_load_balancer_attributes(**arn, Attributes=[pair])

    protect("true")
    assert refusal(elbv2.delete_load_balancer, **arn) == (
        "OperationNotPermitted",
        f"Load balancer '{made['LoadBalancerArn']}' cannot be deleted because deletion protection "
        "is enabled",
    )
    protect("false")


def test_listeners_and_rules_that_cannot_be(elbv2, balancing, fixed, forward):
    made, group = balancing.balancer(), balancing.group()
    listener = balancing.listener(made, forward(group), port=80)
    given = {"LoadBalancerArn": made["LoadBalancerArn"], "DefaultActions": [fixed("x")]}
    assert refusal(elbv2.create_listener, **given, Protocol="HTTP", Port=80) == (
        "DuplicateListener",
        "A listener already exists on this port for this load balancer "
        f"'{made['LoadBalancerArn']}'",
    )
    condition = [{"Field": "path-pattern", "Values": ["/a"]}]
    rule = {"ListenerArn": listener, "Conditions": condition, "Actions": [fixed("x")]}
    elbv2.create_rule(**rule, Priority=1)
    assert refusal(elbv2.create_rule, **rule, Priority=1) == (
        "PriorityInUse",
        "Priority '1' is currently in use",
    )
    default = elbv2.describe_rules(ListenerArn=listener)["Rules"][-1]
    assert refusal(elbv2.delete_rule, RuleArn=default["RuleArn"]) == (
        "OperationNotPermitted",
        f"Default rule '{default['RuleArn']}' cannot be deleted",
    )
    other = balancing.balancer()
    assert refusal(
        elbv2.create_listener,
        LoadBalancerArn=other["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[forward(group)],
    ) == (
        "TargetGroupAssociationLimit",
        "The following target groups cannot be associated with more than one load balancer: "
        f"{group}",
    )


def test_groups_and_targets_that_cannot_be(elbv2, balancing, unique):
    given = {"Name": unique, "Protocol": "HTTP", "Port": 80, "VpcId": balancing.vpc}
    assert refusal(
        elbv2.create_target_group,
        **given,
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=5,
    ) == (
        "ValidationError",
        "Health check timeout '5' must be smaller than the interval '5'",
    )
    assert refusal(elbv2.create_target_group, **{**given, "VpcId": "vpc-1"}) == (
        "ValidationError",
        "The VPC ID 'vpc-1' is not found",
    )
    group = balancing.group()
    refused = {
        "not-an-address": "The IP address 'not-an-address' is not a valid IPv4 address",
        "10.9.8.7": "The Availability Zone is required for IP address '10.9.8.7' because it is not "
        "in the VPC",
    }
    for address, message in refused.items():
        assert refusal(
            elbv2.register_targets, TargetGroupArn=group, Targets=[{"Id": address, "Port": 80}]
        ) == ("ValidationError", message)
    pair = {"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}
    assert refusal(
        elbv2.modify_target_group_attributes, TargetGroupArn=group, Attributes=[pair]
    ) == (
        "ValidationError",
        "'deregistration_delay.timeout_seconds' value '3601' must be between '0-3600' inclusive",
    )


@pytest.mark.parametrize(
    ("operation", "members", "named"),
    [
        ("create_load_balancer", {"Type": "network"}, "CreateLoadBalancer with the type network"),
        ("create_target_group", {"Protocol": "TCP"}, "CreateTargetGroup with the protocol TCP"),
    ],
)
def test_what_nobody_computes_is_named(elbv2, balancing, unique, operation, members, named):
    given = {
        "create_load_balancer": {"Name": unique, "Subnets": balancing.subnets[:2]},
        "create_target_group": {"Name": unique, "Port": 80, "VpcId": balancing.vpc},
    }[operation]
    code, message = refusal(getattr(elbv2, operation), **given, **members)
    assert (code, message) == ("InternalFailure", f"elbv2.{named} is not emulated")


def test_classic_load_balancers_are_another_service(aws):
    code, message = refusal(aws("elb").describe_load_balancers)
    assert (code, message) == ("InternalFailure", "elb.DescribeLoadBalancers is not emulated")
