"""Groups, their instances and their activities as the API tells them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from emulation.services import paging
from emulation.services.autoscaling import checks
from emulation.services.autoscaling.errors import group_not_found, validation_error
from emulation.services.autoscaling.store import LOCK, Group, Member, Members, groups
from emulation.services.scope import Scope

SIZES = ("NextToken", "MaxRecords")


def page(request: Members, items: list[Members], name: str) -> Members:
    """One page of a list."""
    refusal = validation_error("Invalid NextToken")
    shown, token = paging.page(request, items, refusal, size=50, names=SIZES)
    return {name: shown, **token}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeAutoScalingGroups; names of nothing are left out, as on AWS."""
    names = request.get("AutoScalingGroupNames")
    with LOCK:
        found = [told(g) for name, g in groups(scope).items() if not names or name in names]
    for item in request.get("Filters") or []:
        found = [group for group in found if matches(group, item)]
    return page(request, found, "AutoScalingGroups")


def matches(group: Members, item: Members) -> bool:
    """Whether a group has a tag that a filter names."""
    name, values = item.get("Name", ""), item.get("Values") or []
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return any(tag["Key"] == key and tag["Value"] in values for tag in group["Tags"])
    member = {"tag-key": "Key", "tag-value": "Value"}.get(name)
    if member is None:
        raise validation_error(
            f"Filter type {name} is not correct. Allowed Filter types are: "
            "tag-key tag-value tag:<key>"
        )
    return any(tag[member] in values for tag in group["Tags"])


def describe_instances(scope: Scope, request: Members) -> Members:
    """DescribeAutoScalingInstances."""
    wanted = request.get("InstanceIds")
    with LOCK:
        found = [
            told_member(member)
            | {"AutoScalingGroupName": group.name, "HealthStatus": member.health.upper()}
            for group in groups(scope).values()
            for member in group.members.values()
            if not wanted or member.instance_id in wanted
        ]
    return page(request, found, "AutoScalingInstances")


def describe_activities(scope: Scope, request: Members) -> Members:
    """DescribeScalingActivities, the latest first."""
    name, wanted = request.get("AutoScalingGroupName"), request.get("ActivityIds")
    with LOCK:
        if name and name not in groups(scope):
            raise group_not_found(name)
        chosen = [groups(scope)[name]] if name else list(groups(scope).values())
        found = [
            told_activity(group, activity)
            for group in chosen
            for activity in group.activities
            if not wanted or activity["ActivityId"] in wanted
        ]
    found.sort(key=lambda activity: activity["StartTime"], reverse=True)
    return page(request, found, "Activities")


def describe_tags(scope: Scope, request: Members) -> Members:
    """DescribeTags."""
    with LOCK:
        found = [tag for group in groups(scope).values() for tag in group.tags]
    members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    for item in request.get("Filters") or []:
        name = item.get("Name", "")
        if name == "propagate-at-launch":
            wanted = {str(value).lower() for value in item["Values"]}
            found = [tag for tag in found if str(tag["PropagateAtLaunch"]).lower() in wanted]
        elif name in members:
            found = [tag for tag in found if tag[members[name]] in item["Values"]]
        else:
            raise validation_error(f"Filter type {name} is not correct.")
    return page(request, found, "Tags")


def told(group: Group) -> Members:
    """A group."""
    request = group.request
    described: dict[str, Any] = {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "CreatedTime": moment(group.created),
        "LaunchTemplate": request["LaunchTemplate"],
        "MinSize": request["MinSize"],
        "MaxSize": request["MaxSize"],
        "DesiredCapacity": group.desired,
        "DefaultCooldown": request["DefaultCooldown"],
        "AvailabilityZones": zones(group),
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "TrafficSources": [],
        "HealthCheckType": request["HealthCheckType"],
        "HealthCheckGracePeriod": request["HealthCheckGracePeriod"],
        "Instances": [told_member(member) for member in group.members.values()],
        "SuspendedProcesses": [],
        "EnabledMetrics": [],
        "VPCZoneIdentifier": request.get("VPCZoneIdentifier") or "",
        "TerminationPolicies": request["TerminationPolicies"],
        "NewInstancesProtectedFromScaleIn": bool(request["NewInstancesProtectedFromScaleIn"]),
        "Tags": group.tags,
    }
    for name in ("ServiceLinkedRoleARN", "Context", "DefaultInstanceWarmup"):
        if request.get(name) is not None:
            described[name] = request[name]
    return described | ({"Status": "Delete in progress"} if group.deleting else {})


def zones(group: Group) -> list[str]:
    """The zones of a group; a subnet is in one."""
    if not checks.subnets(group.request):
        return list(group.request.get("AvailabilityZones") or [])
    return unique(zone for zone, _ in checks.places(group.scope, group.request))


def unique(values: Iterable[str]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(values))


def told_member(member: Member) -> Members:
    """An instance of a group."""
    return {
        "InstanceId": member.instance_id,
        "InstanceType": member.instance_type,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.lifecycle,
        "HealthStatus": member.health,
        "LaunchTemplate": member.template,
        "ProtectedFromScaleIn": member.protected,
    }


def told_activity(group: Group, activity: Members) -> Members:
    """An activity."""
    return {
        **activity,
        "StartTime": moment(activity["StartTime"]),
        "Details": json.dumps(activity["Details"]),
        "AutoScalingGroupARN": group.arn,
        **({"EndTime": moment(activity["EndTime"])} if "EndTime" in activity else {}),
    }


def moment(seconds: float) -> datetime:
    """A time as the API has it, in milliseconds."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
