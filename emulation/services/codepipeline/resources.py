"""The CloudFormation type AWS::CodePipeline::Pipeline: everything but its name changes in place."""

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.codepipeline.template_words import lower
from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

OWN = {"DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags", "Version"}
"""Properties that are not of the declaration."""


class PipelineResource(ResourceType):
    """A pipeline; `Ref` is its name."""

    TYPE = "AWS::CodePipeline::Pipeline"
    IDENTIFIER = "Name"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it, and close the doors that the template wants closed."""
        model = dict(request.desired_state)
        model.setdefault("Name", self.default_name(request))
        client = request.aws_client_factory.codepipeline
        made = client.create_pipeline(pipeline=self.declaration(model), tags=tags_of(model))[
            "pipeline"
        ]
        for name, reason in disabled(model).items():
            disable(client, model["Name"], name, reason)
        return self.done(model | {"Version": str(made["version"])})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Replace its declaration; what is on the way ends unless that stays as it is."""
        before = request.previous_state or {}
        model = dict(request.desired_state) | {"Name": before["Name"]}
        client = request.aws_client_factory.codepipeline
        made = client.update_pipeline(pipeline=self.declaration(model))["pipeline"]
        change_tags(client, before, model)
        change_transitions(client, before, model)
        if str(model.get("RestartExecutionOnUpdate")).lower() == "true":
            client.start_pipeline_execution(name=model["Name"])
        return self.done(model | {"Version": str(made["version"])})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.codepipeline.delete_pipeline(name=model["Name"])
        return self.done(model)

    def declaration(self, model: Model) -> Model:
        """The template's properties as the API has them."""
        given = {name: value for name, value in model.items() if name not in OWN}
        converted: Model = lower(given)
        if stores := model.get("ArtifactStores"):
            converted["artifactStores"] = {
                item["Region"]: lower(item["ArtifactStore"]) for item in stores
            }
        found: Model = typed("codepipeline", "CreatePipeline", {"pipeline": converted}, self.TYPE)
        return dict(found["pipeline"])


PipelineResource.SCHEMA["createOnlyProperties"] = ["/properties/Name"]
PipelineResource.SCHEMA["readOnlyProperties"] = ["/properties/Version"]


def tags_of(model: Model) -> list[Model]:
    """The tags of the template."""
    return [{"key": item["Key"], "value": str(item["Value"])} for item in model.get("Tags") or []]


def change_tags(client: Any, before: Model, model: Model) -> None:
    """Bring tags to what the template says."""
    arn = client.get_pipeline(name=model["Name"])["metadata"]["pipelineArn"]
    gone = {item["Key"] for item in before.get("Tags") or []}
    gone -= {item["Key"] for item in model.get("Tags") or []}
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=sorted(gone))
    if tags := tags_of(model):
        client.tag_resource(resourceArn=arn, tags=tags)


def disabled(model: Model) -> dict[str, str]:
    """The reasons of transitions that the template disables, by stage."""
    found = model.get("DisableInboundStageTransitions") or []
    return {item["StageName"]: item["Reason"] for item in found}


def disable(client: Any, pipeline: str, stage: str, reason: str) -> None:
    """Close a stage's door."""
    client.disable_stage_transition(
        pipelineName=pipeline, stageName=stage, transitionType="Inbound", reason=reason
    )


def change_transitions(client: Any, before: Model, model: Model) -> None:
    """Open and close doors as the template says."""
    now, then = disabled(model), disabled(before)
    for stage, reason in now.items():
        disable(client, model["Name"], stage, reason)
    for stage in then.keys() - now.keys():
        try:
            client.enable_stage_transition(
                pipelineName=model["Name"], stageName=stage, transitionType="Inbound"
            )
        except ClientError as error:
            # The stage may be gone with the update.
            if error.response["Error"]["Code"] != "StageNotFoundException":
                raise
