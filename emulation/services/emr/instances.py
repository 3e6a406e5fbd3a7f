"""The instances of a cluster: records, for its work is done by this machine."""

import secrets

from emulation.services.emr import errors
from emulation.services.emr.find import find_cluster
from emulation.services.emr.store import ENDED, Cluster, Members, moment, new_identifier
from emulation.services.scope import Scope

ADDRESS, NAME = "127.0.0.1", "localhost"
ROLES = ("MASTER", "CORE", "TASK")
STATES = {
    "STARTING": "PROVISIONING",
    "BOOTSTRAPPING": "BOOTSTRAPPING",
    "TERMINATED": "TERMINATED",
    "TERMINATED_WITH_ERRORS": "TERMINATED",
}
"""A group's state by its cluster's; else it runs."""


def groups_of(instances: Members) -> list[Members]:
    """The groups that a request means, with ids for their machines."""
    given = instances.get("InstanceGroups") or _by_count(instances)
    return [
        {
            "id": new_identifier("ig-"),
            "role": group["InstanceRole"],
            "type": group["InstanceType"],
            "market": group.get("Market") or "ON_DEMAND",
            "name": group.get("Name") or group["InstanceRole"].capitalize(),
            "instances": [f"i-{secrets.token_hex(9)[:17]}" for _ in range(group["InstanceCount"])],
            **{name: group[name] for name in ("BidPrice", "EbsConfiguration") if group.get(name)},
        }
        for group in sorted(given, key=lambda group: ROLES.index(group["InstanceRole"]))
    ]


def _by_count(instances: Members) -> list[Members]:
    """One master, and the others below it."""
    master = instances["MasterInstanceType"]
    groups = [{"InstanceRole": "MASTER", "InstanceType": master, "InstanceCount": 1}]
    if instances["InstanceCount"] > 1:
        kind = instances.get("SlaveInstanceType") or master
        count = instances["InstanceCount"] - 1
        groups.append({"InstanceRole": "CORE", "InstanceType": kind, "InstanceCount": count})
    return groups


def list_groups(scope: Scope, request: Members) -> Members:
    """ListInstanceGroups."""
    cluster = find_cluster(scope, request["ClusterId"])
    return {"InstanceGroups": [_group(cluster, group) for group in cluster.groups]}


def _group(cluster: Cluster, group: Members) -> Members:
    ended = cluster.state in ENDED
    price = {"BidPrice": group["BidPrice"]} if "BidPrice" in group else {}
    return {
        "Id": group["id"],
        "Name": group["name"],
        "Market": group["market"],
        "InstanceGroupType": group["role"],
        "InstanceType": group["type"],
        "RequestedInstanceCount": len(group["instances"]),
        "RunningInstanceCount": 0 if ended else len(group["instances"]),
        "Status": _status(cluster),
        "Configurations": [],
        "EbsBlockDevices": _devices(group),
        "EbsOptimized": bool((group.get("EbsConfiguration") or {}).get("EbsOptimized")),
        "ShrinkPolicy": {},
        **price,
    }


def _devices(group: Members) -> list[Members]:
    configurations = (group.get("EbsConfiguration") or {}).get("EbsBlockDeviceConfigs") or []
    return [
        {"VolumeSpecification": one["VolumeSpecification"]}
        for one in configurations
        for _ in range(one.get("VolumesPerInstance") or 1)
    ]


def _status(cluster: Cluster) -> Members:
    reason = {"Code": "CLUSTER_TERMINATED", "Message": "Job flow terminated"}
    return {
        "State": STATES.get(cluster.state, "RUNNING"),
        "StateChangeReason": reason if cluster.state in ENDED else {},
        "Timeline": timeline(cluster),
    }


def timeline(cluster: Cluster) -> Members:
    """When it was created, ready and over."""
    times = {
        "CreationDateTime": cluster.created,
        "ReadyDateTime": cluster.ready,
        "EndDateTime": cluster.ended,
    }
    return {name: moment(at) for name, at in times.items() if at is not None}


def list_instances(scope: Scope, request: Members) -> Members:
    """ListInstances."""
    cluster = find_cluster(scope, request["ClusterId"])
    if request.get("InstanceFleetId") or request.get("InstanceFleetType"):
        raise errors.bad_request("Instance fleets and instance groups are mutually exclusive.")
    roles, states = request.get("InstanceGroupTypes"), request.get("InstanceStates")
    found = [
        _instance(cluster, group, identifier)
        for group in cluster.groups
        for identifier in group["instances"]
        if (not roles or group["role"] in roles)
        and request.get("InstanceGroupId") in (None, group["id"])
    ]
    return {"Instances": [one for one in found if not states or one["Status"]["State"] in states]}


def _instance(cluster: Cluster, group: Members, identifier: str) -> Members:
    return {
        "Id": f"ci-{identifier[2:15].upper()}",
        "Ec2InstanceId": identifier,
        "PublicDnsName": NAME,
        "PublicIpAddress": ADDRESS,
        "PrivateDnsName": NAME,
        "PrivateIpAddress": ADDRESS,
        "Status": _status(cluster),
        "InstanceGroupId": group["id"],
        "Market": group["market"],
        "InstanceType": group["type"],
        "EbsVolumes": [],
    }
