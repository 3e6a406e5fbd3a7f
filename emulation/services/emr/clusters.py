"""Clusters: creating, looking at, changing and terminating them."""

from emulation.services.emr import checks, errors, keeping
from emulation.services.emr.find import find_active, find_cluster, find_job_flows, marked
from emulation.services.emr.instances import NAME, groups_of, timeline
from emulation.services.emr.roles import check_roles
from emulation.services.emr.steps import new_steps
from emulation.services.emr.store import (
    ENDED,
    ENDING,
    LOCK,
    Cluster,
    Members,
    all_clusters,
    clusters_of,
    moment,
    new_identifier,
)
from emulation.services.scope import Scope

SPARK_VERSION, HADOOP_VERSION = "4.1.1", "3.4.2"
VERSIONS = {"Spark": SPARK_VERSION, "Hadoop": HADOOP_VERSION}
"""What runs here, whatever the release label names."""

OF_INSTANCES = {
    "Ec2KeyName": "Ec2KeyName",
    "Ec2SubnetId": "Ec2SubnetId",
    "EmrManagedMasterSecurityGroup": "EmrManagedMasterSecurityGroup",
    "EmrManagedSlaveSecurityGroup": "EmrManagedSlaveSecurityGroup",
    "ServiceAccessSecurityGroup": "ServiceAccessSecurityGroup",
    "AdditionalMasterSecurityGroups": "AdditionalMasterSecurityGroups",
    "AdditionalSlaveSecurityGroups": "AdditionalSlaveSecurityGroups",
}
TOLD = (
    *("Name", "LogUri", "ReleaseLabel", "ServiceRole", "ScaleDownBehavior", "EbsRootVolumeSize"),
    *("RepoUpgradeOnBoot", "OSReleaseLabel", "EbsRootVolumeIops", "EbsRootVolumeThroughput"),
    *("ExtendedSupport", "Configurations"),
)


def run(scope: Scope, request: Members) -> Members:
    """RunJobFlow."""
    checks.check_cluster(request)
    check_roles(scope, request)
    members = {name: value for name, value in request.items() if name not in ("Steps", "Tags")}
    for application in members.get("Applications") or []:
        application["Name"] = checks.APPLICATIONS[application["Name"].lower()]
    cluster = Cluster(
        scope.account,
        scope.region,
        scope.partition,
        new_identifier("j-"),
        members,
        groups_of(request["Instances"]),
        tags={tag["Key"]: tag.get("Value") or "" for tag in request.get("Tags") or []},
        steps=new_steps(request.get("Steps") or []),
    )
    with LOCK:
        all_clusters()[cluster.identifier] = cluster
        keeping.move(cluster, "STARTING")
    keeping.begin(cluster)
    return {"JobFlowId": cluster.identifier, "ClusterArn": cluster.arn}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeCluster."""
    with LOCK:
        return {"Cluster": described(find_cluster(scope, request["ClusterId"]))}


def described(cluster: Cluster) -> Members:
    """As DescribeCluster tells it."""
    members, instances = cluster.members, cluster.members["Instances"]
    return {
        **{name: members[name] for name in TOLD if name in members},
        **_summary(cluster),
        "Ec2InstanceAttributes": _attributes(cluster),
        "InstanceCollectionType": "INSTANCE_GROUP",
        "AutoTerminate": not cluster.kept,
        "TerminationProtected": cluster.is_protected,
        "UnhealthyNodeReplacement": bool(instances.get("UnhealthyNodeReplacement")),
        "VisibleToAllUsers": members.get("VisibleToAllUsers", True),
        "Applications": applications(cluster),
        "Tags": [{"Key": key, "Value": value} for key, value in cluster.tags.items()],
        "MasterPublicDnsName": NAME,
        "Configurations": members.get("Configurations") or [],
        "StepConcurrencyLevel": members.get("StepConcurrencyLevel") or 1,
        "PlacementGroups": members.get("PlacementGroupConfigs") or [],
    }


def applications(cluster: Cluster) -> list[Members]:
    """The programs with the versions that run here; Hadoop is there when none is named."""
    given = cluster.members.get("Applications") or [{"Name": "Hadoop"}]
    return [{"Name": one["Name"], "Version": VERSIONS[one["Name"]]} for one in given]


def _attributes(cluster: Cluster) -> Members:
    instances = cluster.members["Instances"]
    told = {name: instances[given] for name, given in OF_INSTANCES.items() if instances.get(given)}
    subnets = (
        instances.get("Ec2SubnetIds") or [told["Ec2SubnetId"]] if "Ec2SubnetId" in told else []
    )
    zone = (instances.get("Placement") or {}).get("AvailabilityZone") or f"{cluster.region}a"
    return {
        **told,
        "RequestedEc2SubnetIds": subnets,
        "Ec2AvailabilityZone": zone,
        "RequestedEc2AvailabilityZones": [],
        "IamInstanceProfile": cluster.members["JobFlowRole"],
    }


def _summary(cluster: Cluster) -> Members:
    code = {"Code": cluster.code} if cluster.code else {}
    message = {"Message": cluster.message} if cluster.message else {}
    return {
        "Id": cluster.identifier,
        "Name": cluster.name,
        "Status": {
            "State": cluster.state,
            "StateChangeReason": {**code, **message},
            "Timeline": timeline(cluster),
        },
        "NormalizedInstanceHours": 0,
        "ClusterArn": cluster.arn,
    }


def list_clusters(scope: Scope, request: Members) -> Members:
    """ListClusters, the latest first."""
    states = request.get("ClusterStates")
    after, before = request.get("CreatedAfter"), request.get("CreatedBefore")
    found = [
        _summary(cluster)
        for cluster in reversed(clusters_of(scope))
        if (not states or cluster.state in states)
        and (after is None or moment(cluster.created) > after)
        and (before is None or moment(cluster.created) < before)
    ]
    items, marker = marked(request, found)
    return {"Clusters": items, **marker}


def terminate(scope: Scope, request: Members) -> Members:
    """TerminateJobFlows: what is not protected ends, then the request fails for the others."""
    with LOCK:
        clusters = find_job_flows(scope, request["JobFlowIds"])
    for cluster in clusters:
        if not cluster.is_protected:
            keeping.terminate(cluster, "USER_REQUEST", "Terminated by user request")
    if any(cluster.is_protected and cluster.state not in ENDED for cluster in clusters):
        raise errors.protected()
    return {}


def set_protection(scope: Scope, request: Members) -> Members:
    """SetTerminationProtection."""
    return _set(scope, request, "TerminationProtected")


def set_kept(scope: Scope, request: Members) -> Members:
    """SetKeepJobFlowAliveWhenNoSteps."""
    return _set(scope, request, "KeepJobFlowAliveWhenNoSteps")


def set_replacement(scope: Scope, request: Members) -> Members:
    """SetUnhealthyNodeReplacement; recorded."""
    return _set(scope, request, "UnhealthyNodeReplacement")


def _set(scope: Scope, request: Members, name: str) -> Members:
    with LOCK:
        for cluster in find_job_flows(scope, request["JobFlowIds"]):
            if cluster.state in ENDING:
                raise errors.ended()
            cluster.members["Instances"][name] = request[name]
            cluster.save()
    keeping.changed()
    return {}


def set_visibility(scope: Scope, request: Members) -> Members:
    """SetVisibleToAllUsers; recorded."""
    with LOCK:
        for cluster in find_job_flows(scope, request["JobFlowIds"]):
            cluster.members["VisibleToAllUsers"] = request["VisibleToAllUsers"]
            cluster.save()
    return {}


def modify(scope: Scope, request: Members) -> Members:
    """ModifyCluster: how many steps run at a time."""
    level = request.get("StepConcurrencyLevel")
    if level is not None:
        checks.check_concurrency(level)
    with LOCK:
        cluster = find_active(scope, request["ClusterId"])
        for name in ("StepConcurrencyLevel", "ExtendedSupport"):
            if request.get(name) is not None:
                cluster.members[name] = request[name]
        cluster.save()
    keeping.changed()
    names = ("StepConcurrencyLevel", "ExtendedSupport")
    return {name: cluster.members[name] for name in names if name in cluster.members}


def list_bootstrap_actions(scope: Scope, request: Members) -> Members:
    """ListBootstrapActions."""
    cluster = find_cluster(scope, request["ClusterId"])
    found = [
        {
            "Name": action["Name"],
            "ScriptPath": action["ScriptBootstrapAction"]["Path"],
            "Args": action["ScriptBootstrapAction"].get("Args") or [],
        }
        for action in cluster.members.get("BootstrapActions") or []
    ]
    return {"BootstrapActions": found}
