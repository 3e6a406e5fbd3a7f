"""Scalable targets: registered, changed, described."""

from functools import partial

from emulation.services.application_autoscaling import policies, scheduled
from emulation.services.application_autoscaling.errors import error, validation
from emulation.services.application_autoscaling.finding import (
    described,
    moment,
    page,
    place_of,
    registered,
)
from emulation.services.application_autoscaling.scaling import keep_bounds
from emulation.services.application_autoscaling.spaces import parts_of, space_of
from emulation.services.application_autoscaling.store import (
    LOCK,
    Members,
    Target,
    add,
    targets,
)
from emulation.services.events.clock import submit
from emulation.services.scope import Scope

SUSPENDED = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)
HIDDEN = ("Wanted",)


def register(scope: Scope, request: Members) -> Members:
    """RegisterScalableTarget: what is not given stays as it is."""
    place = place_of(request)
    space = space_of("RegisterScalableTarget", place[0], place[2])
    parts = parts_of(space, place[1])
    if space.read(scope, parts) is None:
        raise validation(space.absent.format(resource=place[1]))
    with LOCK:
        known = targets(scope).get(place)
        fresh = known is None or not known.registered
        least, most = bounds(request, None if fresh else known)
        if known is None or fresh:
            kept = known.activities if known else []
            known = Target(*place, scope.account, scope.region, scope.partition, activities=kept)
            known.tags = dict(request.get("Tags") or {})
            known.role = (
                f"arn:{scope.partition}:iam::{scope.account}:role/aws-service-role/{space.role}"
            )
        elif request.get("Tags"):
            raise validation("Tags can only be specified when registering a new scalable target")
        known.least, known.most = least, most
        known.role = request.get("RoleARN") or known.role
        state = request.get("SuspendedState") or {}
        known.suspended |= {name: bool(value) for name, value in state.items()}
        add(known)
    submit(partial(keep_bounds, known))
    return {"ScalableTargetARN": known.arn}


def bounds(request: Members, known: Target | None) -> tuple[int, int]:
    """The least and the most."""
    least, most = request.get("MinCapacity"), request.get("MaxCapacity")
    if known:
        least = known.least if least is None else least
        most = known.most if most is None else most
    for name, value in (("MinCapacity", least), ("MaxCapacity", most)):
        if value is None:
            raise validation(f"{name} must be specified when registering a new scalable target")
        if int(value) < 0:
            raise validation(f"{name} cannot be negative")
    assert least is not None
    assert most is not None
    if int(most) < int(least):
        raise validation("Maximum capacity cannot be less than minimum capacity")
    return int(least), int(most)


def deregister(scope: Scope, request: Members) -> Members:
    """DeregisterScalableTarget, with its policies, their alarms and its scheduled actions."""
    with LOCK:
        target = registered(scope, request, "scalable target found")
        for policy in list(target.policies.values()):
            policies.remove(target, policy)
        for name in list(target.scheduled):
            scheduled.remove(target, name)
        target.registered = False
        target.save()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeScalableTargets of a namespace."""
    names, dimension = request.get("ResourceIds"), request.get("ScalableDimension")
    with LOCK:
        found = [
            told(target)
            for target in targets(scope).values()
            if target.registered
            and target.namespace == request["ServiceNamespace"]
            and (not names or target.resource in names)
            and dimension in {None, target.dimension}
        ]
    return page(request, "ScalableTargets", found)


def told(target: Target) -> Members:
    """A target as the API has it."""
    return {
        **described(target),
        "MinCapacity": target.least,
        "MaxCapacity": target.most,
        "RoleARN": target.role,
        "CreationTime": moment(target.created),
        "SuspendedState": {name: target.suspended.get(name, False) for name in SUSPENDED},
        "ScalableTargetARN": target.arn,
    }


def activities(scope: Scope, request: Members) -> Members:
    """DescribeScalingActivities, the latest first."""
    if request.get("IncludeNotScaledActivities"):
        raise NotImplementedError(
            "application-autoscaling.DescribeScalingActivities with IncludeNotScaledActivities is "
            "not emulated"
        )
    resource, dimension = request.get("ResourceId"), request.get("ScalableDimension")
    with LOCK:
        found = [
            (activity["StartTime"], told_activity(target, activity))
            for target in targets(scope).values()
            if target.namespace == request["ServiceNamespace"]
            and resource in {None, target.resource}
            and dimension in {None, target.dimension}
            for activity in target.activities
        ]
    found.sort(key=lambda item: item[0], reverse=True)
    return page(request, "ScalingActivities", [activity for _, activity in found])


def told_activity(target: Target, activity: Members) -> Members:
    """An activity as the API has it."""
    shown = {name: value for name, value in activity.items() if name not in HIDDEN}
    for name in ("StartTime", "EndTime"):
        if name in shown:
            shown[name] = moment(shown[name])
    return described(target) | shown


def by_arn(scope: Scope, request: Members) -> Target:
    """The target that tags are of.

    Raises:
        CommonServiceException: there is none.
    """
    arn = request["ResourceARN"]
    for target in targets(scope).values():
        if target.registered and target.arn == arn:
            return target
    raise error("ResourceNotFoundException", f"The resource {arn} does not exist")


def tag(scope: Scope, request: Members) -> Members:
    """TagResource."""
    with LOCK:
        target = by_arn(scope, request)
        after = target.tags | request["Tags"]
        if len(after) > 50:
            raise error("TooManyTagsException", "A resource cannot have more than 50 tags")
        target.tags = after
        target.save()
    return {}


def untag(scope: Scope, request: Members) -> Members:
    """UntagResource."""
    with LOCK:
        target = by_arn(scope, request)
        for key in request["TagKeys"]:
            target.tags.pop(key, None)
        target.save()
    return {}


def list_tags(scope: Scope, request: Members) -> Members:
    """ListTagsForResource."""
    with LOCK:
        return {"Tags": dict(by_arn(scope, request).tags)}
