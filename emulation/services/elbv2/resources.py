"""CloudFormation's types of load balancing; each is known by its ARN, which `Ref` gives."""

import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.elbv2.attributes import (
    OF_BALANCER,
    OF_FUNCTIONS,
    OF_LISTENER,
    OF_TARGETS,
    Attribute,
)
from emulation.services.elbv2.target_groups import CHECK
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

SERVICE = "elbv2"


class Resource(ResourceType):
    """What the four types share."""

    READ_ONLY: ClassVar[tuple[str, ...]]
    APART: ClassVar[tuple[str, ...]] = ()
    """Properties that the operation of the creation does not take."""

    def given(self, model: Model, operation: str, *, but: Iterable[str] = ()) -> Model:
        """The properties as an operation takes them."""
        left = {*self.READ_ONLY, *self.APART, *but}
        members = {name: value for name, value in model.items() if name not in left}
        found: Model = typed(SERVICE, operation, members, self.TYPE)
        return found

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; what is gone already is gone."""
        model = request.previous_state or request.desired_state
        arn = model.get(self.IDENTIFIER)
        if not arn:
            return self.done(model)
        noun = self.TYPE.rpartition("::")[2]
        name = {"LoadBalancer": "load_balancer", "TargetGroup": "target_group"}.get(noun)
        name = name or {"Listener": "listener", "ListenerRule": "rule"}[noun]
        try:
            getattr(request.aws_client_factory.elbv2, f"delete_{name}")(**{self.IDENTIFIER: arn})
        except ClientError as error:
            if not error.response["Error"]["Code"].endswith("NotFound"):
                raise
        return self.done(model)


def short_name(request: ResourceRequest[Model]) -> str:
    """A name of the kind that CloudFormation makes, in 32 characters."""
    stack, logical = request.stack_name[:9].strip("-"), request.logical_resource_id[:9]
    return f"{stack}-{logical}-{secrets.token_hex(6)}"


def merged(request: ResourceRequest[Model], read_only: tuple[str, ...], name: str) -> Model:
    """The wanted properties with what only the service knows."""
    before = request.previous_state or {}
    kept = {key: before[key] for key in (*read_only, name) if key in before}
    return {**kept, **request.desired_state}


def own_tags(request: ResourceRequest[Model]) -> list[Model]:
    """The tags by which CloudFormation knows its own."""
    own = {
        "aws:cloudformation:stack-name": request.stack_name,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:logical-id": request.logical_resource_id,
    }
    return [{"Key": key, "Value": value} for key, value in own.items()]


def pairs(items: Iterable[Model] | None) -> dict[str, str]:
    """Keys and values; a template may say a truth or a number."""
    return {item["Key"]: plain(item.get("Value", "")) for item in items or ()}


def plain(value: Any) -> str:
    """A value as attributes have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def listed(values: dict[str, str]) -> list[Model]:
    """As the API has them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def retag(client: Any, arn: str, before: Model, after: Model) -> None:
    """Tags as a template has them now."""
    old, new = pairs(before.get("Tags")), pairs(after.get("Tags"))
    if gone := sorted(old.keys() - new.keys()):
        client.remove_tags(ResourceArns=[arn], TagKeys=gone)
    if new and new != old:
        client.add_tags(ResourceArns=[arn], Tags=listed(new))


def changed_attributes(
    known: dict[str, Attribute], name: str, before: Model, after: Model
) -> list[Model]:
    """Attributes that a template has changed; one that it has no more is as at first again."""
    old, new = pairs(before.get(name)), pairs(after.get(name))
    back = {key: known[key].default for key in old.keys() - new.keys() if key in known}
    return listed({key: value for key, value in {**back, **new}.items() if old.get(key) != value})


class LoadBalancerResource(Resource):
    """AWS::ElasticLoadBalancingV2::LoadBalancer."""

    TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    IDENTIFIER = "LoadBalancerArn"
    READ_ONLY = (
        "LoadBalancerArn",
        "DNSName",
        "CanonicalHostedZoneID",
        "LoadBalancerFullName",
        "LoadBalancerName",
    )
    APART = ("LoadBalancerAttributes",)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateLoadBalancer and its attributes."""
        model, client = request.desired_state, request.aws_client_factory.elbv2
        model.setdefault("Name", short_name(request))
        given = self.given(model, "CreateLoadBalancer")
        given["Tags"] = [*given.get("Tags", []), *own_tags(request)]
        (made,) = client.create_load_balancer(**given)["LoadBalancers"]
        model |= told(made)
        if attributes := listed(pairs(model.get("LoadBalancerAttributes"))):
            try:
                client.modify_load_balancer_attributes(
                    LoadBalancerArn=made["LoadBalancerArn"], Attributes=attributes
                )
            except ClientError as error:
                client.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
                return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Attributes, subnets, security groups and tags, in place."""
        before, client = request.previous_state or {}, request.aws_client_factory.elbv2
        model = merged(request, self.READ_ONLY, "Name")
        arn = {"LoadBalancerArn": model["LoadBalancerArn"]}
        name = "LoadBalancerAttributes"
        if attributes := changed_attributes(OF_BALANCER, name, before, model):
            client.modify_load_balancer_attributes(**arn, Attributes=attributes)
        given = self.given(model, "CreateLoadBalancer")
        for member, operation in (
            ("Subnets", client.set_subnets),
            ("SubnetMappings", client.set_subnets),
            ("SecurityGroups", client.set_security_groups),
        ):
            if given.get(member) and model.get(member) != before.get(member):
                operation(**arn, **{member: given[member]})
        retag(client, model["LoadBalancerArn"], before, model)
        return self.done(model)


def told(made: Model) -> Model:
    """What `Fn::GetAtt` reads of a load balancer."""
    arn = made["LoadBalancerArn"]
    return {
        "LoadBalancerArn": arn,
        "LoadBalancerName": made["LoadBalancerName"],
        "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
        "DNSName": made["DNSName"],
        "CanonicalHostedZoneID": made["CanonicalHostedZoneId"],
        "SecurityGroups": made["SecurityGroups"],
    }


class TargetGroupResource(Resource):
    """AWS::ElasticLoadBalancingV2::TargetGroup."""

    TYPE = "AWS::ElasticLoadBalancingV2::TargetGroup"
    IDENTIFIER = "TargetGroupArn"
    READ_ONLY = ("TargetGroupArn", "TargetGroupName", "TargetGroupFullName", "LoadBalancerArns")
    APART = ("TargetGroupAttributes", "Targets")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateTargetGroup, its attributes and its targets."""
        model, client = request.desired_state, request.aws_client_factory.elbv2
        model.setdefault("Name", short_name(request))
        given = self.given(model, "CreateTargetGroup")
        given["Tags"] = [*given.get("Tags", []), *own_tags(request)]
        (made,) = client.create_target_group(**given)["TargetGroups"]
        arn = made["TargetGroupArn"]
        model |= {
            "TargetGroupArn": arn,
            "TargetGroupName": made["TargetGroupName"],
            "TargetGroupFullName": arn.rpartition(":")[2],
            "LoadBalancerArns": made["LoadBalancerArns"],
        }
        try:
            self._complete(client, {}, model)
        except ClientError as error:
            client.delete_target_group(TargetGroupArn=arn)
            return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """The health check, attributes, targets and tags, in place."""
        before, client = request.previous_state or {}, request.aws_client_factory.elbv2
        model = merged(request, self.READ_ONLY, "Name")
        is_function = model.get("TargetType") == "lambda"
        names = (*CHECK, "Matcher")
        given = self.given({n: model[n] for n in names if n in model}, "ModifyTargetGroup")
        if not is_function:
            # What the template does not say any more is as at first again.
            gone = [name for name in CHECK if name in before and name not in given]
            given |= {name: CHECK[name] for name in gone}
        if given:
            client.modify_target_group(TargetGroupArn=model["TargetGroupArn"], **given)
        self._complete(client, before, model)
        retag(client, model["TargetGroupArn"], before, model)
        return self.done(model)

    def _complete(self, client: Any, before: Model, model: Model) -> None:
        arn = {"TargetGroupArn": model["TargetGroupArn"]}
        known = OF_FUNCTIONS if model.get("TargetType") == "lambda" else OF_TARGETS
        if changed := changed_attributes(known, "TargetGroupAttributes", before, model):
            client.modify_target_group_attributes(**arn, Attributes=changed)
        old, new = self._targets(before), self._targets(model)
        if gone := [target for target in old if target not in new]:
            client.deregister_targets(**arn, Targets=gone)
        if new:
            client.register_targets(**arn, Targets=new)

    def _targets(self, model: Model) -> list[Model]:
        given = {"Targets": model.get("Targets") or []}
        found: list[Model] = typed(SERVICE, "RegisterTargets", given, self.TYPE)["Targets"]
        return found


class ListenerResource(Resource):
    """AWS::ElasticLoadBalancingV2::Listener."""

    TYPE = "AWS::ElasticLoadBalancingV2::Listener"
    IDENTIFIER = "ListenerArn"
    READ_ONLY = ("ListenerArn",)
    APART = ("ListenerAttributes",)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateListener."""
        model, client = request.desired_state, request.aws_client_factory.elbv2
        (made,) = client.create_listener(**self.given(model, "CreateListener"))["Listeners"]
        model["ListenerArn"] = made["ListenerArn"]
        if attributes := listed(pairs(model.get("ListenerAttributes"))):
            client.modify_listener_attributes(
                ListenerArn=made["ListenerArn"], Attributes=attributes
            )
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """ModifyListener."""
        before, client = request.previous_state or {}, request.aws_client_factory.elbv2
        model = merged(request, self.READ_ONLY, "LoadBalancerArn")
        given = self.given(model, "ModifyListener", but=("LoadBalancerArn", "Tags"))
        client.modify_listener(ListenerArn=model["ListenerArn"], **given)
        name = "ListenerAttributes"
        if attributes := changed_attributes(OF_LISTENER, name, before, model):
            client.modify_listener_attributes(
                ListenerArn=model["ListenerArn"], Attributes=attributes
            )
        return self.done(model)


class ListenerRuleResource(Resource):
    """AWS::ElasticLoadBalancingV2::ListenerRule."""

    TYPE = "AWS::ElasticLoadBalancingV2::ListenerRule"
    IDENTIFIER = "RuleArn"
    READ_ONLY = ("RuleArn", "IsDefault")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateRule."""
        model, client = request.desired_state, request.aws_client_factory.elbv2
        (made,) = client.create_rule(**self.given(model, "CreateRule"))["Rules"]
        return self.done(model | {"RuleArn": made["RuleArn"], "IsDefault": made["IsDefault"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """ModifyRule and SetRulePriorities."""
        before, client = request.previous_state or {}, request.aws_client_factory.elbv2
        model = merged(request, self.READ_ONLY, "ListenerArn")
        given = self.given(model, "ModifyRule", but=("ListenerArn", "Priority", "Tags"))
        client.modify_rule(RuleArn=model["RuleArn"], **given)
        if model["Priority"] != before.get("Priority"):
            wanted = {"RuleArn": model["RuleArn"], "Priority": int(model["Priority"])}
            client.set_rule_priorities(RulePriorities=[wanted])
        retag(client, model["RuleArn"], before, model)
        return self.done(model)


# What replaces; LocalStack's change sets read it from here.
for resource, names in (
    (LoadBalancerResource, ("Name", "Type", "Scheme")),
    (
        TargetGroupResource,
        ("Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId", "IpAddressType"),
    ),
    (ListenerResource, ("LoadBalancerArn",)),
    (ListenerRuleResource, ("ListenerArn",)),
):
    resource.SCHEMA["createOnlyProperties"] = [f"/properties/{name}" for name in names]
