"""Glue's CloudFormation types. Each calls Glue's own operations, so a template that AWS refuses is
refused here too.
"""

from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType

MODEL = botocore.session.get_session().get_service_model("glue")


def typed(shape: Shape, value: Any) -> Any:
    """A template's value as the API takes it: CloudFormation turns texts into numbers and back, and
    drops nothing.
    """
    match shape:
        case StructureShape():
            known = {name: item for name, item in value.items() if name in shape.members}
            return {name: typed(shape.members[name], item) for name, item in known.items()}
        case ListShape():
            return [typed(shape.member, item) for item in value]
        case MapShape():
            return {str(name): typed(shape.value, item) for name, item in value.items()}
    return scalar(shape.type_name, value)


def scalar(type_name: str, value: Any) -> Any:
    """A text, a number or a truth value."""
    if type_name == "boolean":
        return value is True or str(value).lower() == "true"
    if type_name == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if type_name in {"integer", "long"}:
        return int(value)
    return float(value) if type_name in {"double", "float"} else value


def call(request: ResourceRequest[Model], operation: str, **members: Any) -> Any:
    """Call an operation with what of the members it takes."""
    shape: Shape = MODEL.operation_model(operation).input_shape  # type: ignore[assignment]
    given = {name: value for name, value in members.items() if value is not None}
    words = [f"_{letter.lower()}" if letter.isupper() else letter for letter in operation]
    method = getattr(request.aws_client_factory.glue, "".join(words).lstrip("_"))
    return method(**typed(shape, given))


def delete_quietly(request: ResourceRequest[Model], operation: str, **members: Any) -> None:
    """Delete what may be gone already."""
    try:
        call(request, operation, **members)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise


class GlueResource(ResourceType):
    """What they share: an update is given the whole of the new model."""

    CREATE_ONLY: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.SCHEMA["createOnlyProperties"] = [f"/properties/{name}" for name in cls.CREATE_ONLY]

    def updated(self, request: ResourceRequest[Model]) -> Model:
        """The new model, with the identifier that the old one was given."""
        old = request.previous_state or {}
        return {self.IDENTIFIER: old.get(self.IDENTIFIER), **request.desired_state}


class DatabaseResource(GlueResource):
    """AWS::Glue::Database."""

    TYPE = "AWS::Glue::Database"
    IDENTIFIER = "DatabaseName"
    CREATE_ONLY = ("DatabaseName", "CatalogId")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its name."""
        model = dict(request.desired_state)
        given = dict(model["DatabaseInput"])
        name = given.get("Name") or model.get("DatabaseName") or self.default_name(request)
        given["Name"] = name.lower()
        call(request, "CreateDatabase", DatabaseInput=given)
        return self.done(model | {"DatabaseName": given["Name"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Replace what is said of it."""
        model = self.updated(request)
        name = model["DatabaseName"]
        given = {**model["DatabaseInput"], "Name": name}
        call(request, "UpdateDatabase", Name=name, DatabaseInput=given)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it with its tables."""
        delete_quietly(request, "DeleteDatabase", Name=request.desired_state["DatabaseName"])
        return self.done(request.desired_state)


class TableResource(GlueResource):
    """AWS::Glue::Table."""

    TYPE = "AWS::Glue::Table"
    IDENTIFIER = "Id"
    CREATE_ONLY = ("DatabaseName", "CatalogId")

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its name."""
        model = dict(request.desired_state)
        given = dict(model["TableInput"])
        given["Name"] = (given.get("Name") or self.default_name(request)).lower()
        members = {**model, "TableInput": given}
        call(request, "CreateTable", **members)
        return self.done(model | {"Id": given["Name"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Replace its definition."""
        model = self.updated(request)
        given = {**model["TableInput"], "Name": model["Id"]}
        call(request, "UpdateTable", DatabaseName=model["DatabaseName"], TableInput=given)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.desired_state
        delete_quietly(request, "DeleteTable", DatabaseName=model["DatabaseName"], Name=model["Id"])
        return self.done(model)


class CrawlerResource(GlueResource):
    """AWS::Glue::Crawler."""

    TYPE = "AWS::Glue::Crawler"
    IDENTIFIER = "Name"
    CREATE_ONLY = ("Name",)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its name."""
        model = dict(request.desired_state)
        model.setdefault("Name", self.default_name(request))
        call(request, "CreateCrawler", **in_api_words(model))
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change it."""
        model = self.updated(request)
        call(request, "UpdateCrawler", **in_api_words(model))
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        delete_quietly(request, "DeleteCrawler", Name=request.desired_state["Name"])
        return self.done(request.desired_state)


def in_api_words(model: Model) -> Model:
    """A crawler's schedule is a structure in templates, and a text in the API."""
    schedule = model.get("Schedule")
    return {**model, "Schedule": schedule.get("ScheduleExpression") if schedule else None}


class JobResource(GlueResource):
    """AWS::Glue::Job."""

    TYPE = "AWS::Glue::Job"
    IDENTIFIER = "Name"
    CREATE_ONLY = ("Name",)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it; `Ref` is its name."""
        model = dict(request.desired_state)
        model.setdefault("Name", self.default_name(request))
        call(request, "CreateJob", **model)
        return self.done(model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Replace its definition."""
        model = self.updated(request)
        call(request, "UpdateJob", JobName=model["Name"], JobUpdate=model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        call(request, "DeleteJob", JobName=request.desired_state["Name"])
        return self.done(request.desired_state)
