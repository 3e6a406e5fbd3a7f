"""What the metadata service of an instance says: who it is, where, and its role's credentials."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from emulation.compute.instances.metadata import Tree
from emulation.services.ec2.networks import private_name
from emulation.services.ec2.store import Instance, Live, Members

RENEWED_BEFORE_SECONDS = 900
ROLE_SECONDS = 3600
TIME = "%Y-%m-%dT%H:%M:%SZ"


def tree(live: Live) -> Tree:
    """Everything, as it is now."""
    instance = live.instance
    found: dict[str, Any] = {
        "meta-data": meta_data(live),
        "dynamic": {"instance-identity": {"document": json.dumps(identity(instance), indent=1)}},
    }
    if text := instance.launch.get("UserData"):
        found["user-data"] = decoded(text)
    return found


def decoded(text: str) -> str:
    """User data as it was before the API's base64."""
    return base64.b64decode(text).decode(errors="replace")


def meta_data(live: Live) -> Tree:
    """`/latest/meta-data`."""
    instance = live.instance
    network = instance.network
    name = private_name(network, instance.region)
    found: dict[str, Any] = {
        "ami-id": instance.launch["ImageId"],
        "ami-launch-index": str(instance.launch_index),
        "hostname": name,
        "instance-action": "none",
        "instance-id": instance.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": instance.launch["InstanceType"],
        "local-hostname": name,
        "local-ipv4": network["PrivateIpAddress"],
        "placement": {
            "availability-zone": network["AvailabilityZone"],
            "region": instance.region,
        },
        "reservation-id": instance.reservation_id,
        "security-groups": "\n".join(group["GroupName"] for group in network["Groups"]),
        "services": {"domain": "amazonaws.com", "partition": instance.partition},
    }
    if instance.profile:
        found["iam"] = iam(live, instance.profile)
    if instance.metadata.get("InstanceMetadataTags") == "enabled":
        found["tags"] = {"instance": dict(instance.tags)}
    if "aws:autoscaling:groupName" in instance.tags:
        found["autoscaling"] = {"target-lifecycle-state": "InService"}
    return found


def iam(live: Live, profile: Members) -> Tree:
    """The profile, and credentials of its role that are made when they are asked for."""
    info = {
        "Code": "Success",
        "LastUpdated": f"{datetime.now(UTC):{TIME}}",
        "InstanceProfileArn": profile["Arn"],
        "InstanceProfileId": profile["Id"],
    }
    role = profile["RoleArn"].rpartition("/")[2]
    return {
        "info": json.dumps(info, indent=1),
        "security-credentials": {role: lambda: credentials(live, profile["RoleArn"])},
    }


def credentials(live: Live, role: str) -> str:
    """The role's credentials, renewed in time; what keeps STS from giving them, as EC2 says it."""
    with live.lock:
        kept = live.credentials
        if kept is None or kept["Until"] - time.time() < RENEWED_BEFORE_SECONDS:
            try:
                live.credentials = kept = assume(live.instance, role)
            except ClientError as error:
                return json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": str(error)})
        return str(kept["Text"])


def assume(instance: Instance, role: str) -> Members:
    """New credentials from STS."""
    given = instance.scope.client("sts").assume_role(
        RoleArn=role, RoleSessionName=instance.instance_id, DurationSeconds=ROLE_SECONDS
    )["Credentials"]
    text = {
        "Code": "Success",
        "LastUpdated": f"{datetime.now(UTC):{TIME}}",
        "Type": "AWS-HMAC",
        "AccessKeyId": given["AccessKeyId"],
        "SecretAccessKey": given["SecretAccessKey"],
        "Token": given["SessionToken"],
        "Expiration": f"{given['Expiration'].astimezone(UTC):{TIME}}",
    }
    return {"Until": given["Expiration"].timestamp(), "Text": json.dumps(text, indent=1)}


def identity(instance: Instance) -> Members:
    """The identity document; it is not signed here."""
    return {
        "accountId": instance.account,
        "architecture": instance.architecture,
        "availabilityZone": instance.network["AvailabilityZone"],
        "imageId": instance.launch["ImageId"],
        "instanceId": instance.instance_id,
        "instanceType": instance.launch["InstanceType"],
        "pendingTime": f"{datetime.fromtimestamp(instance.launched, UTC):{TIME}}",
        "privateIp": instance.network["PrivateIpAddress"],
        "region": instance.region,
        "version": "2017-09-30",
    }
