"""Images: Amazon Linux 2023 under the identifiers that its public SSM parameters give.

One image stands behind all of them (`emulation/compute/instances/images.py`); any other identifier
is of an image that does not exist here.
"""

import re
from datetime import UTC, datetime
from functools import cache

from botocore.exceptions import ClientError
from moto.utilities.utils import load_resource

from emulation.services import paging
from emulation.services.ec2 import filters
from emulation.services.ec2.errors import check_id, image_not_found, invalid_value, not_emulated
from emulation.services.ec2.store import Members
from emulation.services.scope import Scope

PARAMETERS = "/aws/service/ami-amazon-linux-latest/"
AMAZON = "137112412989"
RESOLVE = "resolve:ssm:"

READERS: dict[str, filters.Reader] = {
    "architecture": filters.member("Architecture"),
    "image-id": filters.member("ImageId"),
    "image-type": filters.member("ImageType"),
    "is-public": filters.member("Public"),
    "name": filters.member("Name"),
    "owner-alias": filters.member("ImageOwnerAlias"),
    "owner-id": filters.member("OwnerId"),
    "root-device-type": filters.member("RootDeviceType"),
    "state": filters.member("State"),
    "virtualization-type": filters.member("VirtualizationType"),
    "description": filters.member("Description"),
    "hypervisor": filters.member("Hypervisor"),
    "ena-support": filters.member("EnaSupport"),
}


@cache
def known(region: str) -> dict[str, Members]:
    """The images of a region, by identifier."""
    try:
        listed = load_resource("moto.ssm", f"resources/ami-amazon-linux-latest/{region}.json")
    except FileNotFoundError:
        return {}
    found: dict[str, Members] = {}
    for parameter in listed:
        name = parameter["Name"].removeprefix(PARAMETERS)
        if name.startswith("al2023-ami-"):
            image = described(parameter["Value"], name, parameter["LastModifiedDate"])
            # "default" names a kernel that has a name of its own.
            if "default" not in name or parameter["Value"] not in found:
                found[parameter["Value"]] = image
    return found


def described(image_id: str, name: str, modified: float) -> Members:
    """An image as DescribeImages tells it."""
    created = datetime.fromtimestamp(modified, UTC)
    kernel = name.removeprefix("al2023-ami-")
    architecture = name.rpartition("-")[2]
    return {
        "ImageId": image_id,
        "Name": f"al2023-ami-2023.0.{created:%Y%m%d}.0-{kernel}",
        "Description": "Amazon Linux 2023 AMI: its contract, on the programs of this machine",
        "ImageLocation": f"amazon/{name}",
        "ImageType": "machine",
        "Architecture": architecture,
        "CreationDate": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "OwnerId": AMAZON,
        "ImageOwnerAlias": "amazon",
        "Public": True,
        "State": "available",
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda",
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EnaSupport": True,
        "ImdsSupport": "v2.0",
        "BootMode": "uefi-preferred" if architecture == "x86_64" else "uefi",
    }


def describe(scope: Scope, request: Members) -> Members:
    """DescribeImages."""
    if request.get("ExecutableUsers"):
        raise not_emulated("DescribeImages", "ExecutableUsers")
    images = known(scope.region)
    identifiers = request.get("ImageIds") or []
    found = [find(scope, image_id) for image_id in identifiers] or list(images.values())
    if owners := request.get("Owners"):
        found = [image for image in found if {"amazon", AMAZON} & set(owners)]
    found = filters.matching(found, request.get("Filters"), READERS)
    shown, token = paging.page(request, found, invalid_value("Invalid token"), size=1000)
    return {"Images": shown, **token}


def find(scope: Scope, image_id: str) -> Members:
    """An image.

    Raises:
        CommonServiceException: there is no such image.
    """
    check_id(image_id, "ami", "InvalidAMIID")
    image = known(scope.region).get(image_id)
    if image is None:
        raise image_not_found(image_id)
    return image


def resolve(scope: Scope, image_id: str) -> str:
    """The identifier that `resolve:ssm:NAME` stands for; any other text is one itself.

    Raises:
        CommonServiceException: there is no such parameter.
    """
    if not image_id.startswith(RESOLVE):
        return image_id
    name = re.sub(r":(\w+)$", "", image_id.removeprefix(RESOLVE))
    try:
        parameter = scope.client("ssm").get_parameter(Name=name)["Parameter"]
    except ClientError as error:
        raise invalid_value(
            f"The parameter {name} could not be resolved: {error.response['Error']['Code']}"
        ) from error
    return str(parameter["Value"])
