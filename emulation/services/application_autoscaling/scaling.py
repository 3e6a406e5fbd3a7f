"""What scales: an alarm that rings, a scheduled action, bounds that a capacity is outside of.

An alarm calls once, when it begins to ring; as long as it rings its policy is looked at again each
minute. A capacity that was set is followed until the service has it.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.application_autoscaling import deciding, metrics
from emulation.services.application_autoscaling.spaces import SPACES, Capacity, Space
from emulation.services.application_autoscaling.store import (
    LOCK,
    Cooldown,
    Members,
    Policy,
    Target,
    all_targets,
)
from emulation.services.events.clock import CLOCK, submit

LOG = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0
FOLLOW_SECONDS = 2.0
COOLDOWN_SECONDS = 300
TRACKING = "TargetTrackingScaling"


def rang(arn: str, alarm: str) -> None:
    """An alarm has begun to ring for a policy."""
    submit(partial(look_at, arn, alarm))


def find(arn: str) -> tuple[Target, Policy] | None:
    """A policy and its target."""
    for target in all_targets():
        for policy in target.policies.values():
            if target.policy_arn(policy) == arn:
                return target, policy
    return None


def later(seconds: float, key: tuple[str, ...], work: Callable[[], None]) -> None:
    """Call in a while."""
    CLOCK.at(key, datetime.now(UTC) + timedelta(seconds=seconds), work)


def look_at(arn: str, name: str) -> None:
    """Do what a policy wants while its alarm rings, and look again later."""
    with LOCK:
        found = find(arn)
        if found is None:
            return
        target, policy = found
        alarm = metrics.alarm(target.scope, name)
        if alarm is None or alarm["StateValue"] != "ALARM":
            return
        later(AGAIN_SECONDS, (arn, name), partial(look_at, arn, name))
        space = SPACES[target.namespace, target.dimension]
        parts = space.parts(target.resource) or []
        capacity = space.read(target.scope, parts)
        value = metrics.latest(target.scope, alarm)
        if capacity is None or value is None:
            return
        wanted = wanted_by(target, policy, alarm, capacity, value)
        if wanted is not None:
            cause = f"monitor alarm {name} in state ALARM triggered policy {policy.name}"
            change(target, policy, capacity, wanted, cause)


def wanted_by(
    target: Target, policy: Policy, alarm: Members, capacity: Capacity, value: float
) -> int | None:
    """The capacity that a policy wants; None when it wants no change."""
    cooling = time.time() < target.out.until
    there = capacity.there or capacity.wanted
    if policy.kind != TRACKING:
        past = value - float(alarm["Threshold"])
        amount = deciding.adjustment(policy.configuration["StepAdjustments"], past)
        # What was added during its cooldown counts as added by this.
        base = target.out.capacity if cooling else capacity.wanted
        return None if amount is None else deciding.stepped(base, policy.configuration, amount)
    base = target.out.capacity if cooling else there
    wanted = deciding.tracked(base, value, float(policy.configuration["TargetValue"]))
    if "-AlarmLow-" not in alarm["AlarmName"]:
        return wanted if wanted > capacity.wanted else None
    others = [other for other in target.policies.values() if other is not policy]
    needs = [wanted, *(need_of(target, other, there) for other in others)]
    known = [need for need in needs if need is not None]
    # A policy that cannot say what it needs keeps what there is.
    return max(known) if len(known) == len(needs) and max(known) < capacity.wanted else None


def need_of(target: Target, policy: Policy, there: int) -> int | None:
    """What another policy needs: all that track have to agree before capacity goes."""
    if policy.kind != TRACKING or policy.configuration.get("DisableScaleIn"):
        return 0
    alarm = metrics.alarm(target.scope, policy.alarms[0]["AlarmName"])
    value = metrics.latest(target.scope, alarm) if alarm else None
    if value is None:
        return None
    return deciding.tracked(there, value, float(policy.configuration["TargetValue"]))


def change(target: Target, policy: Policy, capacity: Capacity, wanted: int, cause: str) -> None:
    """Bring a capacity to what is wanted, unless bounds, a cooldown or somebody forbids it."""
    wanted = max(target.least, min(target.most, wanted))
    out = wanted > capacity.wanted
    side = "Out" if out else "In"
    cooldown = target.out if out else target.into
    cooling = time.time() < cooldown.until
    if wanted == capacity.wanted or target.suspended.get(f"DynamicScaling{side}Suspended"):
        return
    if cooling and not out:
        return
    base = target.out.capacity if out and cooling else capacity.wanted
    if set_capacity(target, wanted, cause):
        until = time.time() + cooldown_of(policy, side)
        if out:
            # A scale-out ends the cooldown of a scale-in.
            target.out, target.into = Cooldown(until, base), Cooldown()
        else:
            target.into = Cooldown(until, base)
        target.save()


def cooldown_of(policy: Policy, side: str) -> int:
    """A policy's cooldown, in s."""
    name = f"Scale{side}Cooldown" if policy.kind == TRACKING else "Cooldown"
    given = policy.configuration.get(name)
    return COOLDOWN_SECONDS if given is None else int(given)


def set_capacity(target: Target, wanted: int, cause: str) -> bool:
    """Set a capacity, and follow it; whether the service has taken it."""
    space = SPACES[target.namespace, target.dimension]
    activity = target.began(f"Setting {space.word} to {wanted}.", cause)
    try:
        space.write(target.scope, space.parts(target.resource) or [], wanted)
    except (ClientError, BotoCoreError) as error:
        LOG.info("%s cannot be scaled: %s", target.resource, error)
        finish(target, activity, "Failed", f"Failed to set {space.word} to {wanted}. {error}")
        return False
    activity |= {
        "StatusCode": "InProgress",
        "StatusMessage": f"Successfully set {space.word} to {wanted}. Waiting for change to be "
        f"fulfilled by {target.namespace}.",
        "Wanted": wanted,
    }
    target.save()
    follow(target, activity)
    return True


def follow(target: Target, activity: Members) -> None:
    """Look again in a moment whether a change is done."""
    key = (target.arn, activity["ActivityId"])
    later(FOLLOW_SECONDS, key, partial(look_after, target, activity))


def look_after(target: Target, activity: Members) -> None:
    """End an activity whose change is done, or was overtaken."""
    with LOCK:
        space = SPACES[target.namespace, target.dimension]
        capacity = space.read(target.scope, space.parts(target.resource) or [])
        wanted = activity["Wanted"]
        if capacity is None or capacity.wanted != wanted:
            finish(target, activity, "Overridden", f"{said(space, wanted)} It was overridden.")
        elif capacity.there == wanted:
            text = f"{said(space, wanted)} Change successfully fulfilled by {target.namespace}."
            finish(target, activity, "Successful", text)
        else:
            follow(target, activity)


def said(space: Space, wanted: int) -> str:
    """What was done, as messages begin."""
    return f"Successfully set {space.word} to {wanted}."


def finish(target: Target, activity: Members, status: str, message: str) -> None:
    """An activity's end."""
    activity |= {"StatusCode": status, "StatusMessage": message, "EndTime": time.time()}
    target.save()


def keep_bounds(target: Target) -> None:
    """Bring a capacity between its bounds."""
    with LOCK:
        space = SPACES[target.namespace, target.dimension]
        capacity = space.read(target.scope, space.parts(target.resource) or [])
        if capacity is None or not target.registered:
            return
        if capacity.wanted < target.least:
            set_capacity(target, target.least, f"minimum capacity was set to {target.least}")
        elif capacity.wanted > target.most:
            set_capacity(target, target.most, f"maximum capacity was set to {target.most}")


def go_on() -> None:
    """After a start: follow what was begun, and look at what may still ring."""
    for target in all_targets():
        for activity in target.activities:
            if activity["StatusCode"] == "InProgress" and "Wanted" in activity:
                follow(target, activity)
        for policy in target.policies.values():
            arn = target.policy_arn(policy)
            for item in policy.alarms or metrics.alarms_for(target.scope, arn):
                name = item["AlarmName"]
                later(AGAIN_SECONDS, (arn, name), partial(look_at, arn, name))
