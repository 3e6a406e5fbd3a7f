"""CloudFormation types of processing and monitoring.

A processing job is created when it has completed: a stack whose job failed has failed. Definitions
never change, schedules change in place.
"""

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.sagemaker.resources import (
    Immutable,
    attributes,
    is_missing,
    only,
    retag,
)
from emulation.services.typed import typed

OF_JOB = ("JobResources", "NetworkConfig", "RoleArn", "StoppingCondition", "Tags")


def definition_members(kind: str) -> tuple[str, ...]:
    """The members of a kind's definition; a template's EndpointName repeats the input's."""
    parts = ("BaselineConfig", "AppSpecification", "JobInput", "JobOutputConfig")
    return ("JobDefinitionName", *(f"{kind}{part}" for part in parts), *OF_JOB)


class DataQualityJobDefinitionResource(Immutable):
    """AWS::SageMaker::DataQualityJobDefinition."""

    TYPE = "AWS::SageMaker::DataQualityJobDefinition"
    IDENTIFIER = "JobDefinitionArn"
    NOUN = "DataQualityJobDefinition"
    NAME = "JobDefinitionName"
    MEMBERS = definition_members("DataQuality")
    ATTRIBUTES = ("CreationTime",)


class ModelQualityJobDefinitionResource(Immutable):
    """AWS::SageMaker::ModelQualityJobDefinition."""

    TYPE = "AWS::SageMaker::ModelQualityJobDefinition"
    IDENTIFIER = "JobDefinitionArn"
    NOUN = "ModelQualityJobDefinition"
    NAME = "JobDefinitionName"
    MEMBERS = definition_members("ModelQuality")
    ATTRIBUTES = ("CreationTime",)


class ModelBiasJobDefinitionResource(Immutable):
    """AWS::SageMaker::ModelBiasJobDefinition."""

    TYPE = "AWS::SageMaker::ModelBiasJobDefinition"
    IDENTIFIER = "JobDefinitionArn"
    NOUN = "ModelBiasJobDefinition"
    NAME = "JobDefinitionName"
    MEMBERS = definition_members("ModelBias")
    ATTRIBUTES = ("CreationTime",)


class ModelExplainabilityJobDefinitionResource(Immutable):
    """AWS::SageMaker::ModelExplainabilityJobDefinition."""

    TYPE = "AWS::SageMaker::ModelExplainabilityJobDefinition"
    IDENTIFIER = "JobDefinitionArn"
    NOUN = "ModelExplainabilityJobDefinition"
    NAME = "JobDefinitionName"
    MEMBERS = definition_members("ModelExplainability")
    ATTRIBUTES = ("CreationTime",)


class MonitoringScheduleResource(ResourceType):
    """AWS::SageMaker::MonitoringSchedule."""

    TYPE = "AWS::SageMaker::MonitoringSchedule"
    IDENTIFIER = "MonitoringScheduleArn"
    MEMBERS = ("MonitoringScheduleName", "MonitoringScheduleConfig", "Tags")
    ATTRIBUTES = ("CreationTime", "LastModifiedTime", "MonitoringScheduleStatus")
    TOLD = {*MEMBERS, *ATTRIBUTES, "EndpointName", "MonitoringScheduleArn"}

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its ARN."""
        model = dict(request.desired_state)
        for member in sorted(set(model) - self.TOLD):
            raise NotImplementedError(f"{member} of {self.TYPE} is not emulated")
        client = request.aws_client_factory.sagemaker
        members = only(model, self.MEMBERS)
        given = typed("sagemaker", "CreateMonitoringSchedule", members, self.TYPE)
        model[self.IDENTIFIER] = client.create_monitoring_schedule(**given)[self.IDENTIFIER]
        return self.done(model | self._attributes(request, model))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change its configuration and its tags."""
        previous = request.previous_state or {}
        model = {self.IDENTIFIER: previous[self.IDENTIFIER], **request.desired_state}
        client = request.aws_client_factory.sagemaker
        if model["MonitoringScheduleConfig"] != previous.get("MonitoringScheduleConfig"):
            members = only(model, ("MonitoringScheduleName", "MonitoringScheduleConfig"))
            given = typed("sagemaker", "UpdateMonitoringSchedule", members, self.TYPE)
            client.update_monitoring_schedule(**given)
        old = {tag["Key"] for tag in previous.get("Tags") or []}
        retag(request, model[self.IDENTIFIER], old, model.get("Tags") or [])
        return self.done(model | self._attributes(request, model))

    def _attributes(self, request: ResourceRequest[Model], model: Model) -> Model:
        client = request.aws_client_factory.sagemaker
        found = client.describe_monitoring_schedule(
            MonitoringScheduleName=model["MonitoringScheduleName"]
        )
        return attributes(found, self.ATTRIBUTES)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; one that is gone already is no failure."""
        name = request.desired_state["MonitoringScheduleName"]
        try:
            request.aws_client_factory.sagemaker.delete_monitoring_schedule(
                MonitoringScheduleName=name
            )
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(request.desired_state)


MonitoringScheduleResource.SCHEMA["createOnlyProperties"] = ["/properties/MonitoringScheduleName"]


class ProcessingJobResource(ResourceType):
    """AWS::SageMaker::ProcessingJob: every property replaces it."""

    TYPE = "AWS::SageMaker::ProcessingJob"
    IDENTIFIER = "ProcessingJobArn"
    MEMBERS = (
        "AppSpecification",
        "Environment",
        "ExperimentConfig",
        "NetworkConfig",
        "ProcessingInputs",
        "ProcessingJobName",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "RoleArn",
        "StoppingCondition",
        "Tags",
    )
    ATTRIBUTES = (
        "ExitMessage",
        "ProcessingJobStatus",
        "CreationTime",
        "LastModifiedTime",
        "ProcessingStartTime",
        "ProcessingEndTime",
    )

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Start it and wait until it has completed. `Ref` is its ARN."""
        model = dict(request.desired_state)
        client = request.aws_client_factory.sagemaker
        if "started" not in request.custom_context:
            model.setdefault("ProcessingJobName", self.default_name(request)[:63].rstrip("-"))
            members = only(model, self.MEMBERS)
            given = typed("sagemaker", "CreateProcessingJob", members, self.TYPE)
            model[self.IDENTIFIER] = client.create_processing_job(**given)[self.IDENTIFIER]
            return self.in_progress(model, started=True)
        found = client.describe_processing_job(ProcessingJobName=model["ProcessingJobName"])
        if found["ProcessingJobStatus"] in {"InProgress", "Stopping"}:
            return self.in_progress(model, started=True)
        if found["ProcessingJobStatus"] == "Completed":
            return self.done(model | attributes(found, self.ATTRIBUTES))
        return self.failed(model, found.get("FailureReason", found["ProcessingJobStatus"]))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Nothing of a job changes in place."""
        return self.done({**(request.previous_state or {}), **request.desired_state})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Stop it where it runs, and forget it; one that is gone already is no failure."""
        model = request.desired_state
        name = model["ProcessingJobName"]
        client = request.aws_client_factory.sagemaker
        try:
            found = client.describe_processing_job(ProcessingJobName=name)
            if found["ProcessingJobStatus"] == "InProgress":
                client.stop_processing_job(ProcessingJobName=name)
            if found["ProcessingJobStatus"] in {"InProgress", "Stopping"}:
                return self.in_progress(model)
            client.delete_processing_job(ProcessingJobName=name)
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(model)


ProcessingJobResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in ProcessingJobResource.MEMBERS
]
