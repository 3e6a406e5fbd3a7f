"""What of an instance can be read and changed by itself, and its console."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from emulation.compute.instances.machine import Console
from emulation.services.ec2.describing import choose
from emulation.services.ec2.errors import dry_run, invalid_value, not_emulated, refusal
from emulation.services.ec2.requests import processors
from emulation.services.ec2.store import Instance, Live, Members
from emulation.services.scope import Scope

FLAGS = {
    "disableApiTermination": "DisableApiTermination",
    "disableApiStop": "DisableApiStop",
    "ebsOptimized": "EbsOptimized",
}
TEXTS = {
    "instanceType": "InstanceType",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
    "userData": "UserData",
}
DEFAULTS = {"InstanceInitiatedShutdownBehavior": "stop"}
WHEN_STOPPED = {"InstanceType", "UserData", "EbsOptimized"}


def one(scope: Scope, request: Members) -> Live:
    """The instance that a request names."""
    return choose(scope, {"InstanceIds": [request["InstanceId"]]})[0]


def console_output(scope: Scope, request: Members) -> Members:
    """GetConsoleOutput: what the boot and the units have really written, in base64."""
    live = one(scope, request)
    if request.get("DryRun"):
        raise dry_run()
    return {
        "InstanceId": live.instance.instance_id,
        "Timestamp": datetime.now(UTC).replace(microsecond=0),
        "Output": Console(live.instance.folder).read(),
    }


def describe(scope: Scope, request: Members) -> Members:
    """DescribeInstanceAttribute."""
    instance = one(scope, request).instance
    attribute = request["Attribute"]
    answer: Members = {"InstanceId": instance.instance_id}
    if attribute in FLAGS:
        name = FLAGS[attribute]
        return answer | {name: {"Value": bool(instance.launch.get(name))}}
    if attribute in TEXTS:
        name = TEXTS[attribute]
        value = instance.launch.get(name, DEFAULTS.get(name))
        return answer | {name: {"Value": value} if value else {}}
    if attribute == "groupSet":
        return answer | {"Groups": instance.network["Groups"]}
    raise not_emulated("DescribeInstanceAttribute", f"the attribute {attribute}")


def modify(scope: Scope, request: Members) -> None:
    """ModifyInstanceAttribute."""
    instance = one(scope, request).instance
    for name, value in changes(request).items():
        if name in WHEN_STOPPED and instance.state != "stopped":
            raise refusal(
                "IncorrectInstanceState",
                f"The instance '{instance.instance_id}' is not in the 'stopped' state.",
            )
        if name == "InstanceType":
            check_type(value)
        instance.launch[name] = value
    instance.save()


def changes(request: Members) -> Members:
    """The members that a request changes.

    Raises:
        CommonServiceException: it changes one that nobody changes here.
    """
    found: Members = {}
    if attribute := request.get("Attribute"):
        name = (FLAGS | TEXTS).get(attribute)
        if name is None:
            raise not_emulated("ModifyInstanceAttribute", f"the attribute {attribute}")
        value = request.get("Value")
        found[name] = str(value).lower() == "true" if attribute in FLAGS else value
    known: dict[str, Callable[[Any], Any]] = {name: plain for name in (FLAGS | TEXTS).values()}
    for name, value in request.items():
        if name in known:
            found[name] = known[name](value)
        elif name not in {"InstanceId", "Attribute", "Value", "DryRun"} and value is not None:
            raise not_emulated("ModifyInstanceAttribute", name)
    return found


def plain(value: Any) -> Any:
    """A value out of its structure; user data comes as bytes."""
    inner = value.get("Value") if isinstance(value, dict) else value
    return inner.decode() if isinstance(inner, bytes) else inner


def check_type(instance_type: str) -> None:
    """A type that there is."""
    try:
        processors(instance_type)
    except KeyError as error:
        raise invalid_value(f"Invalid value '{instance_type}' for InstanceType.") from error


METADATA = (
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "HttpProtocolIpv6",
    "InstanceMetadataTags",
)


def modify_metadata(scope: Scope, request: Members) -> Members:
    """ModifyInstanceMetadataOptions: at once."""
    instance: Instance = one(scope, request).instance
    instance.metadata |= {name: request[name] for name in METADATA if request.get(name) is not None}
    instance.save()
    return {"InstanceId": instance.instance_id, "InstanceMetadataOptions": instance.metadata}
