"""CodeBuild's CloudFormation types: projects and report groups, both updated in place."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

IGNORED = ("Triggers", "Visibility", "ResourceAccessRole", "BadgeEnabled", "AutoRetryLimit")
"""Of a project: refused by name unless they ask for nothing."""
NOTHING: tuple[Any, ...] = (None, False, "false", "", [], {}, 0, "0", "PRIVATE")
PASSED = ("BadgeEnabled", "AutoRetryLimit")
"""The API refuses these itself."""


def camel(value: Any) -> Any:
    """A template's members as the API spells them: `SourceVersion` is `sourceVersion`."""
    if isinstance(value, dict):
        return {_lower(name): camel(item) for name, item in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def _lower(name: str) -> str:
    return RENAMED.get(name, name[:1].lower() + name[1:])


RENAMED = {"BuildSpec": "buildspec"}


class ProjectResource(ResourceType):
    """AWS::CodeBuild::Project; `Ref` is its name."""

    TYPE: ClassVar[str] = "AWS::CodeBuild::Project"
    IDENTIFIER: ClassVar[str] = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateProject."""
        model = dict(request.desired_state)
        model.setdefault("Name", self.default_name(request))
        members = self._members(model, "CreateProject")
        project = request.aws_client_factory.codebuild.create_project(**members)["project"]
        return self.done(model | {"Id": project["name"], "Arn": project["arn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """UpdateProject; what the template no longer names goes back to its default."""
        before = request.previous_state or {}
        model = {**request.desired_state}
        for name in ("Name", "Id", "Arn"):
            if name not in model and name in before:
                model[name] = before[name]
        members = self._members(model, "UpdateProject")
        defaults = {name: value for name, value in DEFAULTS.items() if name not in members}
        request.aws_client_factory.codebuild.update_project(**defaults, **members)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteProject."""
        name = request.desired_state.get("Id") or request.desired_state["Name"]
        request.aws_client_factory.codebuild.delete_project(name=name)
        return self.done(request.desired_state)

    def _members(self, model: Model, operation: str) -> Model:
        given = {}
        for name, value in model.items():
            if name in IGNORED and name not in PASSED and value not in NOTHING:
                raise NotImplementedError(f"{name} of {self.TYPE} is not emulated")
            if name in ("Id", "Arn") or (name in IGNORED and value in NOTHING):
                continue
            given[name] = value
        members = camel(given)
        answer: Model = typed("codebuild", operation, members, self.TYPE)
        return answer


DEFAULTS: Model = {
    "description": "",
    "sourceVersion": "",
    "secondarySources": [],
    "secondaryArtifacts": [],
    "cache": {"type": "NO_CACHE"},
    "logsConfig": {},
    "tags": [],
    "timeoutInMinutes": 60,
    "queuedTimeoutInMinutes": 480,
    "concurrentBuildLimit": -1,
}


class ReportGroupResource(ResourceType):
    """AWS::CodeBuild::ReportGroup; `Ref` is its ARN."""

    TYPE: ClassVar[str] = "AWS::CodeBuild::ReportGroup"
    IDENTIFIER: ClassVar[str] = "Arn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """CreateReportGroup."""
        model = dict(request.desired_state)
        model.setdefault("Name", self.default_name(request))
        members = camel({name: model[name] for name in GROUP_MEMBERS if name in model})
        members = typed("codebuild", "CreateReportGroup", members, self.TYPE)
        group = request.aws_client_factory.codebuild.create_report_group(**members)["reportGroup"]
        return self.done(model | {"Arn": group["arn"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """UpdateReportGroup: its export and its tags."""
        model = {**(request.previous_state or {}), **request.desired_state}
        members = camel({"ExportConfig": model["ExportConfig"], "Tags": model.get("Tags") or []})
        members = typed("codebuild", "UpdateReportGroup", members, self.TYPE)
        request.aws_client_factory.codebuild.update_report_group(arn=model["Arn"], **members)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """DeleteReportGroup, with its reports only if the template says so."""
        model = request.desired_state
        reports = str(model.get("DeleteReports", False)).lower() == "true"
        try:
            request.aws_client_factory.codebuild.delete_report_group(
                arn=model["Arn"], deleteReports=reports
            )
        except ClientError as error:
            return self.failed(model, error.response["Error"]["Message"])
        return self.done(model)


GROUP_MEMBERS = ("Name", "Type", "ExportConfig", "Tags")

# LocalStack's change sets read from here which properties replace.
ProjectResource.SCHEMA["createOnlyProperties"] = ["/properties/Name"]
ReportGroupResource.SCHEMA["createOnlyProperties"] = ["/properties/Name", "/properties/Type"]
