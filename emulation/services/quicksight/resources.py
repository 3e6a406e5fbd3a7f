"""The CloudFormation types of QuickSight. What works in the background is waited for: a connection,
an import into SPICE, a version of a dashboard. A failure fails the stack with QuickSight's words.
"""

import uuid
from typing import Any, ClassVar

from localstack.services.cloudformation import resource_provider
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

SUCCESS = {"CREATION_SUCCESSFUL", "UPDATE_SUCCESSFUL"}
COMPLETED = "COMPLETED"


class QuickSightType(ResourceType):
    """A resource that has an id in an account, permissions and tags."""

    NOUN: ClassVar[str]
    """As the API's operations call it: `DataSource`."""
    OWN: ClassVar[frozenset[str]] = frozenset()
    """Properties that are CloudFormation's own."""
    ATTRIBUTES: ClassVar[frozenset[str]] = frozenset({"Arn", "CreatedTime", "LastUpdatedTime"})

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "IDENTIFIER"):
            kept = [f"/properties/{name}" for name in ("AwsAccountId", cls.IDENTIFIER)]
            cls.SCHEMA |= {"primaryIdentifier": kept, "createOnlyProperties": kept}
            # AWS joins the parts of an identifier so.
            special = resource_provider.PHYSICAL_RESOURCE_ID_SPECIAL_CASES
            special[cls.TYPE] = "|".join(f"<{path}>" for path in kept)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it, then wait."""
        model = request.desired_state
        if request.custom_context:
            return self.settled(request, model)
        model.setdefault("AwsAccountId", request.account_id)
        model.setdefault(self.IDENTIFIER, self.default_name(request))
        model.setdefault("Name", model[self.IDENTIFIER])
        answer = self._call(request, "create", self.members("Create", model))
        model |= {name: answer[name] for name in ("Arn",) if name in answer}
        return self.in_progress(model, ingestion=answer.get("IngestionId") or "", begun=True)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change it, its permissions and its tags, then wait."""
        before = request.previous_state or {}
        model = request.desired_state
        if request.custom_context:
            return self.settled(request, model)
        for name in ("AwsAccountId", self.IDENTIFIER, "Arn"):
            model[name] = before[name]
        model.setdefault("Name", model[self.IDENTIFIER])
        members = self.members("Update", model)
        for name in ("Permissions", "Tags"):
            members.pop(name, None)
        answer = self._call(request, "update", members)
        self._share(request, before, model)
        self._tag(request, before, model)
        return self.in_progress(model, ingestion=answer.get("IngestionId") or "", begun=True)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        self._call(request, "delete", self.named(model))
        return self.done(model)

    def settled(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        """The end of a step; kinds that work in the background look whether they are through."""
        return self.done(model)

    def members(self, word: str, model: Model) -> Model:
        """The properties as an operation takes them."""
        kept = self.ATTRIBUTES | self.OWN
        given = {name: value for name, value in model.items() if name not in kept}
        operation = f"{word}{self.NOUN}"
        if word == "Update":
            given = {
                name: given[name] for name in given if name not in {"Permissions", "Tags", "Type"}
            }
        found: Model = typed("quicksight", operation, given, self.TYPE)
        return found

    def named(self, model: Model) -> Model:
        """What names it in every operation."""
        return {name: model[name] for name in ("AwsAccountId", self.IDENTIFIER)}

    def _call(self, request: ResourceRequest[Model], word: str, members: Model) -> Model:
        client = request.aws_client_factory.quicksight
        answer: Model = getattr(client, f"{word}_{snake(self.NOUN)}")(**members)
        return answer

    def describe(self, request: ResourceRequest[Model], model: Model) -> Model:
        """What the API says of it."""
        answer = self._call(request, "describe", self.named(model))
        found: Model = answer[self.NOUN]
        return found

    def _share(self, request: ResourceRequest[Model], before: Model, after: Model) -> None:
        """Bring permissions from what the template had to what it has."""
        old, new = (_by_principal(state.get("Permissions")) for state in (before, after))
        gone = [(arn, old[arn] - new.get(arn, set())) for arn in old]
        come = [(arn, new[arn] - old.get(arn, set())) for arn in new]
        members = {
            "RevokePermissions": [_entry(*one) for one in gone if one[1]],
            "GrantPermissions": [_entry(*one) for one in come if one[1]],
        }
        given = {name: value for name, value in members.items() if value}
        if given:
            client = request.aws_client_factory.quicksight
            operation = f"update_{snake(self.NOUN)}_permissions"
            getattr(client, operation)(**self.named(after), **given)

    def _tag(self, request: ResourceRequest[Model], before: Model, after: Model) -> None:
        kept = {tag["Key"] for tag in after.get("Tags") or []}
        gone = {tag["Key"] for tag in before.get("Tags") or []} - kept
        client = request.aws_client_factory.quicksight
        if gone:
            client.untag_resource(ResourceArn=after["Arn"], TagKeys=sorted(gone))
        if kept and after.get("Tags") != before.get("Tags"):
            client.tag_resource(ResourceArn=after["Arn"], Tags=after["Tags"])


def snake(noun: str) -> str:
    """`DataSource` as `data_source`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun)[1:]


def _by_principal(permissions: list[Model] | None) -> dict[str, set[str]]:
    return {one["Principal"]: set(one["Actions"]) for one in permissions or []}


def _entry(principal: str, actions: set[str]) -> Model:
    return {"Principal": principal, "Actions": sorted(actions)}


def told(errors: list[Model] | None) -> str:
    """All sentences of a definition's errors."""
    return "; ".join(f"{one['Type']}: {one['Message']}" for one in errors or [])


class DataSourceResource(QuickSightType):
    """A data source: the stack goes on when its connection has been tried."""

    TYPE = "AWS::QuickSight::DataSource"
    IDENTIFIER = "DataSourceId"
    NOUN = "DataSource"
    ATTRIBUTES = QuickSightType.ATTRIBUTES | {"Status"}
    OWN = frozenset({"ErrorInfo", "AlternateDataSourceParameters"})

    def settled(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        """Wait for the connection."""
        found = self.describe(request, model)
        if found["Status"].endswith("IN_PROGRESS"):
            return self.in_progress(model, begun=True)
        model["Status"] = found["Status"]
        if found["Status"] in SUCCESS:
            return self.done(model)
        error = found["ErrorInfo"]
        return self.failed(model, f"{error['Type']}: {error['Message']}")


class DataSetResource(QuickSightType):
    """A data set: the stack goes on when it is imported, unless its wait policy says otherwise."""

    TYPE = "AWS::QuickSight::DataSet"
    IDENTIFIER = "DataSetId"
    NOUN = "DataSet"
    OWN = frozenset({"IngestionWaitPolicy", "OutputColumns", "ConsumedSpiceCapacityInBytes"})

    def members(self, word: str, model: Model) -> Model:
        """The API spells the members of a field folder in small letters."""
        folders = {
            name: {key.lower(): value for key, value in folder.items()}
            for name, folder in (model.get("FieldFolders") or {}).items()
        }
        found = super().members(word, {**model, **({"FieldFolders": folders} if folders else {})})
        # The API needs it, CloudFormation does not where all tables are data sets.
        return {"PhysicalTableMap": {}, **found}

    def settled(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        """Wait for the import."""
        ingestion = (request.custom_context or {}).get("ingestion")
        policy = model.get("IngestionWaitPolicy") or {}
        if not ingestion or str(policy.get("WaitForSpiceIngestion", True)).lower() == "false":
            return self.done(model)
        client = request.aws_client_factory.quicksight
        found = client.describe_ingestion(**self.named(model), IngestionId=ingestion)["Ingestion"]
        if found["IngestionStatus"] == COMPLETED:
            return self.done(model)
        if found["IngestionStatus"] in {"FAILED", "CANCELLED"}:
            error = found.get("ErrorInfo") or {"Type": "CANCELLED", "Message": "It was cancelled."}
            return self.failed(model, f"Ingestion failed: {error['Type']}: {error['Message']}")
        return self.in_progress(model, ingestion=ingestion, begun=True)


class AnalysisResource(QuickSightType):
    """An analysis from its definition."""

    TYPE = "AWS::QuickSight::Analysis"
    IDENTIFIER = "AnalysisId"
    NOUN = "Analysis"
    ATTRIBUTES = QuickSightType.ATTRIBUTES | {"DataSetArns", "Errors", "Sheets", "Status"}

    def settled(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        """A definition with errors fails."""
        found = self.describe(request, model)
        if found["Status"] in SUCCESS:
            return self.done(model)
        return self.failed(model, told(found.get("Errors")))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """For good, so that its id is free again."""
        model = request.previous_state or request.desired_state
        client = request.aws_client_factory.quicksight
        client.delete_analysis(**self.named(model), ForceDeleteWithoutRecovery=True)
        return self.done(model)


class DashboardResource(QuickSightType):
    """A dashboard: each update is a new version, which is published."""

    TYPE = "AWS::QuickSight::Dashboard"
    IDENTIFIER = "DashboardId"
    NOUN = "Dashboard"
    ATTRIBUTES = QuickSightType.ATTRIBUTES | {"LastPublishedTime", "Version"}

    def settled(self, request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
        """Publish a version without errors."""
        client = request.aws_client_factory.quicksight
        answer = client.describe_dashboard(**self.named(model), AliasName="$LATEST")
        version = answer["Dashboard"]["Version"]
        if version["Status"] not in SUCCESS:
            return self.failed(model, told(version.get("Errors")))
        client.update_dashboard_published_version(
            **self.named(model), VersionNumber=version["VersionNumber"]
        )
        return self.done(model)


class RefreshScheduleResource(ResourceType):
    """A refresh schedule of a data set."""

    TYPE = "AWS::QuickSight::RefreshSchedule"
    IDENTIFIER = "Arn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it."""
        model = request.desired_state
        model.setdefault("AwsAccountId", request.account_id)
        model.setdefault("Schedule", {}).setdefault("ScheduleId", str(uuid.uuid4()))
        return self.done(self._put(request, model, "create_refresh_schedule"))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change when it is due."""
        before = request.previous_state or {}
        model = {**request.desired_state, "AwsAccountId": before["AwsAccountId"]}
        old = before["Schedule"]["ScheduleId"]
        model["Schedule"] = {"ScheduleId": old, **model["Schedule"]}
        if model["Schedule"]["ScheduleId"] == old:
            return self.done(self._put(request, model, "update_refresh_schedule"))
        # An id cannot be changed, and lies too deep for LocalStack to replace the resource.
        made = self._put(request, model, "create_refresh_schedule")
        self.delete(request)
        return self.done(made)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.quicksight.delete_refresh_schedule(
            AwsAccountId=model["AwsAccountId"],
            DataSetId=model["DataSetId"],
            ScheduleId=model["Schedule"]["ScheduleId"],
        )
        return self.done(model)

    def _put(self, request: ResourceRequest[Model], model: Model, operation: str) -> Model:
        given = {name: model[name] for name in ("AwsAccountId", "DataSetId", "Schedule")}
        members: Any = typed("quicksight", "CreateRefreshSchedule", given, self.TYPE)
        answer = getattr(request.aws_client_factory.quicksight, operation)(**members)
        return {**model, "Arn": answer["Arn"]}


RefreshScheduleResource.SCHEMA["createOnlyProperties"] = [
    "/properties/AwsAccountId",
    "/properties/DataSetId",
]
resource_provider.PHYSICAL_RESOURCE_ID_SPECIAL_CASES[RefreshScheduleResource.TYPE] = (
    "</properties/AwsAccountId>|</properties/DataSetId>|</properties/Schedule/ScheduleId>"
)
