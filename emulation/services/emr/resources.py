"""EMR's CloudFormation types. A cluster is there when its bootstrap actions have run, a step when
it has been added: its work goes on by itself, as on AWS.
"""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.emr.store import ENDED, ENDING
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

READY = ("RUNNING", "WAITING")
GROUPS = {
    "MasterInstanceGroup": "MASTER",
    "CoreInstanceGroup": "CORE",
    "TaskInstanceGroups": "TASK",
}
FLEETS = ("MasterInstanceFleet", "CoreInstanceFleet", "TaskInstanceFleets")
RENAMED = {"ConfigurationProperties": "Properties", "StepProperties": "Properties"}


def members(value: Any) -> Any:
    """A template's properties as the API spells them."""
    if isinstance(value, dict):
        return {RENAMED.get(name, name): members(item) for name, item in value.items()}
    return [members(item) for item in value] if isinstance(value, list) else value


def instances(given: Model) -> Model:
    """The groups of a template as one list."""
    found = {name: value for name, value in given.items() if name not in GROUPS}
    for name in FLEETS:
        if found.get(name):
            raise NotImplementedError(f"Instances.{name} of AWS::EMR::Cluster is not emulated")
    groups = [
        {**group, "InstanceRole": role}
        for name, role in GROUPS.items()
        for group in _many(given.get(name))
    ]
    return {**found, "InstanceGroups": groups}


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


class ClusterResource(ResourceType):
    """AWS::EMR::Cluster; `Ref` is its id."""

    TYPE: ClassVar[str] = "AWS::EMR::Cluster"
    IDENTIFIER: ClassVar[str] = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """RunJobFlow, then wait until it is ready."""
        model = dict(request.desired_state)
        client = request.aws_client_factory.emr
        if "Id" not in model:
            names = ("Id", "MasterPublicDNS")
            given = members({key: value for key, value in model.items() if key not in names})
            given["Instances"] = _kept(instances(given["Instances"]), given)
            made = client.run_job_flow(**typed("emr", "RunJobFlow", given, self.TYPE))
            return self.in_progress(model | {"Id": made["JobFlowId"]})
        cluster = client.describe_cluster(ClusterId=model["Id"])["Cluster"]
        state = cluster["Status"]["State"]
        if state in READY or state == "TERMINATED":
            return self.done(model | {"MasterPublicDNS": cluster["MasterPublicDnsName"]})
        if state in ENDING:
            reason = cluster["Status"]["StateChangeReason"].get("Message", state)
            return self.failed(model, f"Cluster {model['Id']} has failed: {reason}")
        return self.in_progress(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """What can be changed of a cluster that runs."""
        before = request.previous_state or {}
        model = {
            **{name: before.get(name) for name in ("Id", "MasterPublicDNS")},
            **request.desired_state,
        }
        identifier, client = model["Id"], request.aws_client_factory.emr
        if (level := model.get("StepConcurrencyLevel")) != before.get("StepConcurrencyLevel"):
            client.modify_cluster(ClusterId=identifier, StepConcurrencyLevel=int(level or 1))
        protected = str(model["Instances"].get("TerminationProtected", False)).lower() == "true"
        client.set_termination_protection(JobFlowIds=[identifier], TerminationProtected=protected)
        self._policies(request, model)
        self._tags(request, before, model)
        return self.done(model)

    def _policies(self, request: ResourceRequest[Model], model: Model) -> None:
        client = request.aws_client_factory.emr
        for name, put, remove in (
            (
                "AutoTerminationPolicy",
                client.put_auto_termination_policy,
                client.remove_auto_termination_policy,
            ),
            (
                "ManagedScalingPolicy",
                client.put_managed_scaling_policy,
                client.remove_managed_scaling_policy,
            ),
        ):
            if policy := model.get(name):
                given = {"ClusterId": model["Id"], name: policy}
                put(**typed("emr", f"Put{name}", given, self.TYPE))
            else:
                remove(ClusterId=model["Id"])

    @staticmethod
    def _tags(request: ResourceRequest[Model], before: Model, model: Model) -> None:
        client, tags = request.aws_client_factory.emr, model.get("Tags") or []
        kept = {tag["Key"] for tag in tags}
        gone = [tag["Key"] for tag in before.get("Tags") or [] if tag["Key"] not in kept]
        if gone:
            client.remove_tags(ResourceId=model["Id"], TagKeys=gone)
        if tags:
            client.add_tags(ResourceId=model["Id"], Tags=tags)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """TerminateJobFlows, then wait until it is over."""
        model, client = request.desired_state, request.aws_client_factory.emr
        try:
            state = client.describe_cluster(ClusterId=model["Id"])["Cluster"]["Status"]["State"]
            if state not in ENDING:
                client.terminate_job_flows(JobFlowIds=[model["Id"]])
        except ClientError as error:
            return self.failed(model, error.response["Error"]["Message"])
        return self.done(model) if state in ENDED else self.in_progress(model)


def _kept(found: Model, given: Model) -> Model:
    """A stack's cluster stays when it has no steps, unless its steps are all that it is for."""
    if "KeepJobFlowAliveWhenNoSteps" in found:
        return found
    return {**found, "KeepJobFlowAliveWhenNoSteps": not given.get("Steps")}


class StepResource(ResourceType):
    """AWS::EMR::Step; `Ref` is its id."""

    TYPE: ClassVar[str] = "AWS::EMR::Step"
    IDENTIFIER: ClassVar[str] = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """AddJobFlowSteps."""
        model = dict(request.desired_state)
        step = members({name: value for name, value in model.items() if name != "JobFlowId"})
        given = {"JobFlowId": model["JobFlowId"], "Steps": [step]}
        made = request.aws_client_factory.emr.add_job_flow_steps(
            **typed("emr", "AddJobFlowSteps", given, self.TYPE)
        )
        return self.done(model | {"Id": made["StepIds"][0]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Nothing of a step can be changed."""
        return self.done({**(request.previous_state or {}), **request.desired_state})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """A step stays in its cluster's history; one that has not ended is cancelled."""
        model, client = request.desired_state, request.aws_client_factory.emr
        try:
            client.cancel_steps(ClusterId=model["JobFlowId"], StepIds=[model["Id"]])
        except ClientError as error:
            return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)


# LocalStack's change sets read from here which properties replace.
ClusterResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}"
    for name in (
        *("Name", "ReleaseLabel", "Applications", "Configurations", "BootstrapActions", "LogUri"),
        *("JobFlowRole", "ServiceRole", "Steps", "SecurityConfiguration", "CustomAmiId"),
        *("EbsRootVolumeSize", "ScaleDownBehavior", "KerberosAttributes"),
    )
]
StepResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in ("ActionOnFailure", "HadoopJarStep", "JobFlowId", "Name")
]
