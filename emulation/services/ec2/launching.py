"""RunInstances: everything is checked before anything is made; then each instance is written down
and its process started.
"""

import hashlib
import json
from typing import Any

from emulation.services.ec2 import launch_templates, lifecycle, networks, requests
from emulation.services.ec2.describing import reservation
from emulation.services.ec2.errors import (
    dry_run,
    invalid_value,
    refusal,
    token_mismatch,
)
from emulation.services.ec2.store import (
    STORE_LOCK,
    Instance,
    Live,
    Members,
    instances,
    new_id,
)
from emulation.services.ec2.tag_lists import tags_for
from emulation.services.scope import Scope

PROCESSORS = 32
"""AWS's first limit of a new account; here it also keeps a laptop from a thousand instances."""

FROM_TEMPLATE = {
    "id": "aws:ec2launchtemplate:id",
    "version": "aws:ec2launchtemplate:version",
}


def run(scope: Scope, request: Members) -> Members:
    """RunInstances."""
    with STORE_LOCK:
        if earlier := by_token(scope, request):
            return reservation([live.instance for live in earlier])
        given = check(scope, request)
        count = how_many(scope, request, given)
        if request.get("DryRun"):
            raise dry_run()
        made = make(scope, request, given, count)
    for live in made:
        lifecycle.boot(live)
    return reservation([live.instance for live in made])


def check(scope: Scope, request: Members) -> Members:
    """The members of a launch, all of them possible.

    Raises:
        CommonServiceException: one of them is not.
    """
    given = requests.merged(scope, request)
    requests.architecture(scope, given)
    requests.boot_plan(given)
    requests.profile(scope, given)
    requests.check_key(scope, given)
    networks.place(scope, given)
    return given


def make(scope: Scope, request: Members, given: Members, count: int) -> list[Live]:
    """Write the instances down."""
    reservation_id = new_id("r")
    made = []
    for index in range(count):
        instance = Instance(
            instance_id=new_id("i"),
            account=scope.account,
            region=scope.region,
            partition=scope.partition,
            reservation_id=reservation_id,
            launch_index=index,
            launch=given | {"ClientToken": token(request)},
            architecture=requests.architecture(scope, given),
            network=networks.place(scope, given),
            profile=requests.profile(scope, given),
            metadata=metadata_options(given),
            tags=tags_for("instance", given) | template_tags(scope, request),
        )
        instance.launch["Fingerprint"] = fingerprint(request)
        instance.save()
        live = Live(instance)
        instances(scope)[instance.instance_id] = live
        made.append(live)
    return made


def template_tags(scope: Scope, request: Members) -> dict[str, str]:
    """The tags by which EC2 says which launch template an instance came from."""
    if specification := request.get("LaunchTemplate"):
        template, version, _ = launch_templates.get_data_of(scope, specification)
        return {
            FROM_TEMPLATE["id"]: template.template_id,
            FROM_TEMPLATE["version"]: str(version),
        }
    return {}


def how_many(scope: Scope, request: Members, given: Members) -> int:
    """As many as may be, if they are enough.

    Raises:
        CommonServiceException: not even the least that is asked for.
    """
    least, most = int(request["MinCount"]), int(request["MaxCount"])
    if least < 1 or most < least:
        raise invalid_value(
            f"Invalid value '{most if most < 1 else least}' for "
            f"{'MaxCount' if most < 1 else 'MinCount'}. Must be between 1 and MaxCount."
        )
    each = requests.processors(given["InstanceType"])
    used = sum(
        requests.processors(live.instance.launch["InstanceType"])
        for live in instances(scope).values()
        if live.instance.state in {"pending", "running"}
    )
    free = (PROCESSORS - used) // each
    if free < least:
        raise refusal(
            "VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit of "
            f"{PROCESSORS} allows for the instance bucket that the specified instance type "
            "belongs to.",
        )
    return min(most, free)


def token(request: Members) -> str:
    """The client's token, or one that nobody sends again."""
    return str(request.get("ClientToken") or "")


def by_token(scope: Scope, request: Members) -> list[Live]:
    """The instances that an earlier request with this token has made.

    Raises:
        CommonServiceException: that request was another one.
    """
    if not (wanted := token(request)):
        return []
    found = [
        live
        for live in instances(scope).values()
        if live.instance.launch.get("ClientToken") == wanted
    ]
    if found and found[0].instance.launch["Fingerprint"] != fingerprint(request):
        raise token_mismatch()
    return found


def fingerprint(request: Members) -> str:
    """What makes two requests the same."""
    text = json.dumps(request, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def metadata_options(given: Members) -> Members:
    """The metadata service's options; the image asks for tokens, as Amazon Linux 2023 does."""
    options: dict[str, Any] = {
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 2,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
    }
    return options | (given.get("MetadataOptions") or {}) | {"State": "applied"}
