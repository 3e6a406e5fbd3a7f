"""The one thread that brings groups to what they want: it launches what is missing, terminates what
is too many or not healthy, and sleeps until somebody changes a group or an instance changes state.

A launch that fails, or an instance that dies within seconds of its launch, is tried again later and
later, so that a broken image does not keep the machine busy.
"""

import logging
import threading
import time
from collections.abc import Callable

from botocore.exceptions import ClientError
from localstack.aws.api import ServiceException
from localstack.runtime import events

from emulation.services.autoscaling import checks
from emulation.services.autoscaling.store import (
    LOCK,
    Group,
    Member,
    Members,
    all_groups,
    remove,
)
from emulation.services.ec2 import launching, lifecycle
from emulation.services.ec2 import store as ec2

LOG = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 2.0
LONGEST_DELAY_SECONDS = 300.0
DIED_YOUNG_SECONDS = 10.0

GROUP_TAG = "aws:autoscaling:groupName"
GONE = {"terminated", "shutting-down", "stopped", "stopping"}

_changed = threading.Event()
_started = threading.Lock()
_delays: dict[str, tuple[float, float]] = {}
"""By group's ARN: the delay, and when the next launch may be (monotonic)."""


def wake(_: object = None) -> None:
    """Somebody changed something."""
    _changed.set()


def start() -> None:
    """Start the thread; further calls do nothing."""
    if _started.acquire(blocking=False):
        ec2.LISTENERS.append(wake)
        threading.Thread(target=run, name="autoscaling", daemon=True).start()


def run() -> None:
    """Keep all groups, for ever."""
    events.infra_ready.wait()
    end_strays()
    again: float | None = None
    while True:
        _changed.wait(None if again is None else max(0.0, again - time.monotonic()))
        _changed.clear()
        looks = [keep(group) for group in all_groups()]
        again = min((at for at in looks if at is not None), default=None)


def end_strays() -> None:
    """End the instances of groups that a kill has kept from noting them, or from ending them."""
    known = {member for group in all_groups() for member in group.members}
    for live in ec2.all_instances():
        of_a_group = GROUP_TAG in live.instance.tags
        if of_a_group and live.instance.instance_id not in known:
            end(live)


def keep(group: Group) -> float | None:
    """One look at one group; when it wants another although nothing changes (monotonic)."""
    with LOCK:
        for member in list(group.members.values()):
            look_at(group, member)
        if group.deleting and not group.members:
            remove(group)
            _delays.pop(group.arn, None)
            return None
        counted = [member for member in group.members.values() if member.counts]
        for member in surplus(group, counted):
            terminate(
                group,
                member,
                "a difference between desired and actual capacity shrinking the capacity from "
                f"{len(counted)} to {group.desired}; instance {member.instance_id} was selected "
                "for termination",
            )
        missing = group.desired - len(counted)
        group.save()
    for _ in range(missing):
        if not group.is_kept:
            return None
        _, earliest = _delays.get(group.arn, (0.0, 0.0))
        if time.monotonic() < earliest or not launch(group):
            return _delays[group.arn][1]
    return None


def look_at(group: Group, member: Member) -> None:
    """What has become of an instance."""
    live = ec2.instances(group.scope).get(member.instance_id)
    state = live.instance.state if live else "terminated"
    if state == "terminated":
        if member.counts:
            unhealthy(group, member, state)
        group.finished(member.activity)
        del group.members[member.instance_id]
    elif not member.counts:
        return
    elif state in GONE:
        unhealthy(group, member, state)
    elif member.health == "Unhealthy":
        terminate(
            group,
            member,
            f"instance {member.instance_id} was taken out of service in response to a health check "
            "set by a user",
        )
    elif state == "running":
        if member.lifecycle == "Pending":
            member.lifecycle = "InService"
            group.finished(member.activity)
        if time.time() - member.joined > DIED_YOUNG_SECONDS:
            _delays.pop(group.arn, None)


def unhealthy(group: Group, member: Member, state: str) -> None:
    """An instance that does not run any more is replaced."""
    if time.time() - member.joined < DIED_YOUNG_SECONDS:
        delay(group)
    if member.lifecycle == "Pending":
        group.finished(member.activity, "Failed", f"The instance is {state}")
    member.health = "Unhealthy"
    terminate(
        group,
        member,
        f"instance {member.instance_id} was taken out of service in response to an EC2 health "
        "check indicating it has been terminated or stopped.",
    )


def surplus(group: Group, counted: list[Member]) -> list[Member]:
    """The instances that are too many, chosen by the group's policies."""
    chosen: list[Member] = []
    while len(counted) - len(chosen) > group.desired:
        left = [member for member in counted if member not in chosen]
        free = [member for member in left if group.deleting or not member.protected]
        if not free:
            break
        chosen.append(first_to_go(group.request["TerminationPolicies"][0], free))
    return chosen


def first_to_go(policy: str, members: list[Member]) -> Member:
    """One instance; by default of the fullest zone, of the oldest template, the oldest."""
    orders: dict[str, Callable[[Member], tuple[float, ...]]] = {
        "OldestInstance": lambda member: (member.joined,),
        "NewestInstance": lambda member: (-member.joined,),
        "OldestLaunchTemplate": lambda member: (int(member.template["Version"]), member.joined),
    }

    def default(member: Member) -> tuple[float, ...]:
        in_zone = sum(other.zone == member.zone for other in members)
        return (-in_zone, int(member.template["Version"]), member.joined)

    return min(members, key=orders.get(policy, default))


def terminate(group: Group, member: Member, cause: str) -> str:
    """Terminate an instance; the activity's identifier."""
    member.lifecycle = "Terminating"
    member.activity = group.began(
        f"Terminating EC2 instance: {member.instance_id}",
        f"At {stamp()} {cause}",
        {"Availability Zone": member.zone},
    )
    group.save()
    if live := ec2.instances(group.scope).get(member.instance_id):
        end(live)
    return member.activity


def end(live: ec2.Live) -> None:
    """Terminate it: protection from the API's termination is none from the group's."""
    with live.lock:
        lifecycle.end_begins(live, "shutting-down")


def launch(group: Group) -> bool:
    """Launch one instance; False when it did not work."""
    cause = f"At {stamp()} an instance was started in response to a difference between desired "
    cause += "and actual capacity, increasing the capacity."
    with LOCK:
        activity = group.began("Launching a new EC2 instance", cause, {})
    try:
        zone, place = emptiest(group)
        template = checks.template_of(group.scope, group.request)
        made = launching.run(group.scope, launch_request(group, template) | place)["Instances"][0]
    except (ServiceException, ClientError, NotImplementedError) as error:
        reason = getattr(error, "message", "") or str(error)
        LOG.warning("%s could not launch an instance: %s", group.name, reason)
        with LOCK:
            group.finished(activity, "Failed", f"{reason} Launching EC2 instance failed.")
            group.save()
        delay(group)
        return False
    with LOCK:
        if not group.is_kept:
            end(ec2.instances(group.scope)[made["InstanceId"]])
            return True
        group.activities[0]["Description"] += f": {made['InstanceId']}"
        group.activities[0]["Details"] = {"Availability Zone": zone}
        group.members[made["InstanceId"]] = Member(
            instance_id=made["InstanceId"],
            zone=zone,
            instance_type=made["InstanceType"],
            template=template,
            protected=bool(group.request["NewInstancesProtectedFromScaleIn"]),
            activity=activity,
        )
        group.save()
    wake()
    return True


def launch_request(group: Group, template: Members) -> Members:
    """What RunInstances is asked for."""
    tags = [
        {"Key": tag["Key"], "Value": tag["Value"]} for tag in group.tags if tag["PropagateAtLaunch"]
    ]
    name = {"Key": GROUP_TAG, "Value": group.name}
    return {
        "MinCount": 1,
        "MaxCount": 1,
        "LaunchTemplate": {
            "LaunchTemplateId": template["LaunchTemplateId"],
            "Version": template["Version"],
        },
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [*tags, name]}],
    }


def emptiest(group: Group) -> tuple[str, Members]:
    """The zone with the fewest instances, and what RunInstances takes to go there."""
    zones = [member.zone for member in group.members.values() if member.counts]
    return min(checks.places(group.scope, group.request), key=lambda place: zones.count(place[0]))


def delay(group: Group) -> None:
    """Wait twice as long as the last time."""
    last, _ = _delays.get(group.arn, (FIRST_DELAY_SECONDS / 2, 0.0))
    seconds = min(2 * last, LONGEST_DELAY_SECONDS)
    _delays[group.arn] = (seconds, time.monotonic() + seconds)


def stamp() -> str:
    """A time as activities' causes write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
