"""Operations on groups: they write down what is wanted, and the keeper brings it about."""

from emulation.services.autoscaling import checks, keeper
from emulation.services.autoscaling.describing import told_activity
from emulation.services.autoscaling.errors import (
    already_exists,
    group_not_found,
    has_instances,
    instance_not_found,
    not_emulated,
    validation_error,
)
from emulation.services.autoscaling.store import (
    LOCK,
    Group,
    Member,
    Members,
    add,
    groups,
    remove,
)
from emulation.services.scope import Scope

DEFAULTS: Members = {
    "DefaultCooldown": 300,
    "HealthCheckType": "EC2",
    "HealthCheckGracePeriod": 0,
    "TerminationPolicies": ["Default"],
    "NewInstancesProtectedFromScaleIn": False,
}


def create(scope: Scope, request: Members) -> None:
    """CreateAutoScalingGroup."""
    name = request["AutoScalingGroupName"]
    checks.check_members("CreateAutoScalingGroup", request)
    with LOCK:
        if name in groups(scope):
            raise already_exists(name)
    wanted = DEFAULTS | {"DesiredCapacity": request["MinSize"]} | request
    tags = wanted.pop("Tags", [])
    check(scope, wanted)
    group = Group(name, scope.account, scope.region, scope.partition, wanted)
    group.tags = [tag_of(group, tag) for tag in tags]
    with LOCK:
        add(group)
    keeper.wake()


def update(scope: Scope, request: Members) -> None:
    """UpdateAutoScalingGroup; new bounds take the wanted number with them."""
    checks.check_members("UpdateAutoScalingGroup", request)
    with LOCK:
        group = find(scope, request)
        wanted = group.request | {k: v for k, v in request.items() if v is not None}
        if "DesiredCapacity" not in request:
            least, most = int(wanted["MinSize"]), int(wanted["MaxSize"])
            wanted["DesiredCapacity"] = max(least, min(most, int(wanted["DesiredCapacity"])))
        if request.get("VPCZoneIdentifier"):
            wanted.pop("AvailabilityZones", None)
        check(scope, wanted)
        group.request = wanted
        group.save()
    keeper.wake()


def check(scope: Scope, wanted: Members) -> None:
    """Everything that a group is told at once."""
    checks.check_sizes(wanted)
    checks.check_places(scope, wanted)
    checks.check_template(scope, wanted)


def set_desired(scope: Scope, request: Members) -> None:
    """SetDesiredCapacity; there are no policies whose cooldown it could honour."""
    with LOCK:
        group = find(scope, request)
        wanted = int(request["DesiredCapacity"])
        for bound, word, outside in (
            ("MaxSize", "above max", wanted > int(group.request["MaxSize"])),
            ("MinSize", "below min", wanted < int(group.request["MinSize"])),
        ):
            if outside:
                raise validation_error(
                    f"New SetDesiredCapacity value {wanted} is {word} value "
                    f"{group.request[bound]} for the AutoScalingGroup."
                )
        group.request["DesiredCapacity"] = wanted
        group.save()
    keeper.wake()


def delete(scope: Scope, request: Members) -> None:
    """DeleteAutoScalingGroup; by force also with its instances, and it is gone when they are."""
    with LOCK:
        group = find(scope, request)
        if group.members and not request.get("ForceDelete"):
            raise has_instances()
        if group.members:
            group.deleting = True
            group.save()
        else:
            remove(group)
    keeper.wake()


def terminate_instance(scope: Scope, request: Members) -> Members:
    """TerminateInstanceInAutoScalingGroup: replaced, unless the wanted number goes down with it."""
    with LOCK:
        group, member = find_member(scope, request["InstanceId"])
        smaller = bool(request["ShouldDecrementDesiredCapacity"])
        if smaller:
            wanted = group.desired - 1
            if wanted < int(group.request["MinSize"]):
                raise validation_error(
                    "Currently, desiredSize equals minSize "
                    f"({group.request['MinSize']}). Terminating instance without replacement will "
                    "violate group's min size constraint. Either set shouldDecrementDesiredCapacity"
                    " flag to false or lower group's min size."
                )
            group.request["DesiredCapacity"] = wanted
        cause = f"instance {member.instance_id} was taken out of service in response to a user "
        cause += "request" + (", shrinking the capacity" if smaller else "")
        activity = keeper.terminate(group, member, cause)
    keeper.wake()
    found = next(item for item in group.activities if item["ActivityId"] == activity)
    return {"Activity": told_activity(group, found)}


def set_health(scope: Scope, request: Members) -> None:
    """SetInstanceHealth."""
    status = request["HealthStatus"]
    if status not in {"Healthy", "Unhealthy"}:
        raise validation_error("Valid instance health states are: [Healthy, Unhealthy].")
    with LOCK:
        group, member = find_member(scope, request["InstanceId"])
        member.health = status
        group.save()
    keeper.wake()


def set_protection(scope: Scope, request: Members) -> None:
    """SetInstanceProtection."""
    with LOCK:
        group = find(scope, request)
        for instance_id in request["InstanceIds"]:
            if instance_id not in group.members:
                raise validation_error(
                    f"The instance {instance_id} is not part of Auto Scaling group {group.name}."
                )
            group.members[instance_id].protected = bool(request["ProtectedFromScaleIn"])
        group.save()


def tag(scope: Scope, request: Members) -> None:
    """CreateOrUpdateTags; instances that are there keep theirs."""
    with LOCK:
        for given in request["Tags"]:
            group = find(scope, {"AutoScalingGroupName": given.get("ResourceId", "")})
            made = tag_of(group, given)
            group.tags = [kept for kept in group.tags if kept["Key"] != made["Key"]] + [made]
            group.save()


def untag(scope: Scope, request: Members) -> None:
    """DeleteTags."""
    with LOCK:
        for given in request["Tags"]:
            group = find(scope, {"AutoScalingGroupName": given.get("ResourceId", "")})
            group.tags = [kept for kept in group.tags if kept["Key"] != given["Key"]]
            group.save()


def tag_of(group: Group, given: Members) -> Members:
    """A tag as it is kept and told."""
    if given.get("ResourceType", "auto-scaling-group") != "auto-scaling-group":
        raise not_emulated("CreateOrUpdateTags", f"the resource type {given['ResourceType']}")
    return {
        "ResourceId": group.name,
        "ResourceType": "auto-scaling-group",
        "Key": given["Key"],
        "Value": given.get("Value", ""),
        "PropagateAtLaunch": bool(given.get("PropagateAtLaunch")),
    }


def find(scope: Scope, request: Members) -> Group:
    """The group that a request names.

    Raises:
        CommonServiceException: there is none.
    """
    name = request["AutoScalingGroupName"]
    if name not in groups(scope):
        raise group_not_found(name)
    return groups(scope)[name]


def find_member(scope: Scope, instance_id: str) -> tuple[Group, Member]:
    """The group and the entry of an instance.

    Raises:
        CommonServiceException: it is in no group.
    """
    for group in groups(scope).values():
        if instance_id in group.members:
            return group, group.members[instance_id]
    raise instance_not_found(instance_id)
