"""The CloudFormation type AWS::AutoScaling::AutoScalingGroup: complete when its instances run."""

import time
from typing import Any

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.autoscaling.rolling import keeps_sizes, replace_some, rolling_policy
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed
from emulation.strictness.policies import policy

NAMES = {"Cooldown": "DefaultCooldown"}
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
ATTRIBUTES = {"AutoScalingGroupARN"}


class AutoScalingGroupResource(ResourceType):
    """A group; everything but its name changes in place."""

    TYPE = "AWS::AutoScaling::AutoScalingGroup"
    IDENTIFIER = "AutoScalingGroupName"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it and wait until it has the instances that it wants."""
        model = request.desired_state
        client = request.aws_client_factory.autoscaling
        if "created" not in request.custom_context:
            if policy(request.logical_resource_id, "CreationPolicy"):
                raise NotImplementedError(f"CreationPolicy of {self.TYPE} is not emulated")
            rolling_policy(policy(request.logical_resource_id, "UpdatePolicy"))
            model.setdefault(self.IDENTIFIER, self.default_name(request))
            given = self._given(model)
            given["Tags"] = [*given.get("Tags", []), *own_tags(request)]
            client.create_auto_scaling_group(**given)
            return self.in_progress(model, created=True)
        group = described(client, model)
        if reason := why_not(client, group):
            return self.failed(model, reason)
        in_service = [i for i in group["Instances"] if i["LifecycleState"] == "InService"]
        if len(in_service) < group["DesiredCapacity"]:
            return self.in_progress(model)
        return self.done(model | {"AutoScalingGroupARN": group["AutoScalingGroupARN"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change it; with a rolling update, also its instances."""
        before = request.previous_state or {}
        kept = {name: before[name] for name in (self.IDENTIFIER, *ATTRIBUTES) if name in before}
        model = {**request.desired_state, **kept}
        client = request.aws_client_factory.autoscaling
        policies = policy(request.logical_resource_id, "UpdatePolicy")
        rolling = rolling_policy(policies)
        context = dict(request.custom_context)
        if "template" not in context:
            self._change(client, before, model, keep_sizes=keeps_sizes(policies))
            context["template"] = template_now(request, model)
            context["desired"] = described(client, model)["DesiredCapacity"]
        group = described(client, model)
        if rolling is None or replace_some(client, group, rolling, context):
            return self.done(model)
        if reason := why_not(client, group):
            return self.failed({}, reason)
        return self.in_progress(model, **context)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it with its instances, and wait until they are gone."""
        model = request.previous_state or request.desired_state
        client = request.aws_client_factory.autoscaling
        found = find(client, model)
        if not found:
            return self.done(model)
        if "deleting" not in request.custom_context:
            name = model[self.IDENTIFIER]
            client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        return self.in_progress(model, deleting=True)

    def _change(self, client: Any, before: Model, model: Model, *, keep_sizes: bool) -> None:
        given = self._given(model)
        tags = given.pop("Tags", [])
        if keep_sizes:
            given = {k: v for k, v in given.items() if k not in SIZES or before.get(k) != model[k]}
        client.update_auto_scaling_group(**given)
        name = model[self.IDENTIFIER]
        place = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
        gone = {tag["Key"] for tag in before.get("Tags") or []} - {tag["Key"] for tag in tags}
        if gone:
            client.delete_tags(Tags=[{**place, "Key": key} for key in sorted(gone)])
        if tags:
            client.create_or_update_tags(Tags=[{**place, **tag} for tag in tags])

    def _given(self, model: Model) -> Model:
        """The properties as the API has them."""
        given = {
            NAMES.get(name, name): value
            for name, value in model.items()
            if name not in ATTRIBUTES and value is not None
        }
        if isinstance(given.get("VPCZoneIdentifier"), list):
            given["VPCZoneIdentifier"] = ",".join(given["VPCZoneIdentifier"])
        found: Model = typed("autoscaling", "CreateAutoScalingGroup", given, self.TYPE)
        return found


AutoScalingGroupResource.SCHEMA["createOnlyProperties"] = ["/properties/AutoScalingGroupName"]


def own_tags(request: ResourceRequest[Model]) -> list[Model]:
    """The tags by which CloudFormation knows its own."""
    own = {
        "aws:cloudformation:stack-name": request.stack_name,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:logical-id": request.logical_resource_id,
    }
    return [{"Key": k, "Value": v, "PropagateAtLaunch": True} for k, v in own.items()]


def find(client: Any, model: Model) -> list[Model]:
    """The group as it is now, if it is there."""
    names = [model["AutoScalingGroupName"]]
    answer = client.describe_auto_scaling_groups(AutoScalingGroupNames=names)
    found: list[Model] = answer["AutoScalingGroups"]
    return found


def described(client: Any, model: Model) -> Model:
    """The group as it is now.

    Raises:
        ValueError: somebody has deleted it.
    """
    found = find(client, model)
    if not found:
        raise ValueError(f"The Auto Scaling group {model['AutoScalingGroupName']} is gone")
    return found[0]


def why_not(client: Any, group: Model) -> str | None:
    """Why the last launch has failed; None as long as nothing failed."""
    activities = client.describe_scaling_activities(
        AutoScalingGroupName=group["AutoScalingGroupName"]
    )["Activities"]
    launches = [item for item in activities if item["Description"].startswith("Launching")]
    latest = max(launches, key=lambda item: item["StartTime"], default=None)
    if latest is None or latest["StatusCode"] != "Failed":
        return None
    failed_lately = time.time() - latest["StartTime"].timestamp() < 600
    return str(latest.get("StatusMessage")) if failed_lately else None


def template_now(request: ResourceRequest[Model], model: Model) -> Model:
    """The launch template that instances should be of, its version as a number."""
    wanted = model["LaunchTemplate"]
    names = {n: wanted[n] for n in ("LaunchTemplateId", "LaunchTemplateName") if wanted.get(n)}
    (version,) = request.aws_client_factory.ec2.describe_launch_template_versions(
        **names, Versions=[str(wanted["Version"])]
    )["LaunchTemplateVersions"]
    return {
        "LaunchTemplateId": version["LaunchTemplateId"],
        "LaunchTemplateName": version["LaunchTemplateName"],
        "Version": str(version["VersionNumber"]),
    }
