"""The CloudFormation type AWS::DynamoDB::Table. LocalStack's own leaves most properties out without
a word and has no update.
"""

from typing import Any

from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType
from emulation.services.typed import typed

AT_CREATION = (
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "SSESpecification",
    "StreamSpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "Tags",
)
AFTERWARDS = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
ATTRIBUTES = ("Arn", "StreamArn")


class TableResource(ResourceType):
    """A table; its keys and its name cannot change."""

    TYPE = "AWS::DynamoDB::Table"
    IDENTIFIER = "TableName"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the table, then what CreateTable does not take."""
        model = request.desired_state
        refuse(model)
        dynamodb = request.aws_client_factory.dynamodb
        if "created" not in request.custom_context:
            model.setdefault("TableName", self.default_name(request))
            dynamodb.create_table(**creation(model))
            return self.in_progress(model, created=True)
        described = describe(dynamodb, model)
        if described["TableStatus"] != "ACTIVE":
            return self.in_progress(model, created=True)
        set_time_to_live(dynamodb, {}, model)
        return self.done(with_attributes(model, described))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change what differs, one thing a request, as UpdateTable wants it."""
        before = request.previous_state or {}
        kept = {name: before[name] for name in ("TableName", *ATTRIBUTES) if name in before}
        model = {**request.desired_state, **kept}
        refuse(model)
        dynamodb = request.aws_client_factory.dynamodb
        described = describe(dynamodb, model)
        if described["TableStatus"] != "ACTIVE":
            return self.in_progress(model)
        for change in changes(before, model):
            dynamodb.update_table(TableName=model["TableName"], **change)
            described = wait_until_active(dynamodb, model)
        set_time_to_live(dynamodb, before, model)
        retag(dynamodb, described["TableArn"], before, model)
        return self.done(with_attributes(model, described))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the table; one that is gone already is fine, a protected one stays."""
        model = request.previous_state or request.desired_state
        dynamodb = request.aws_client_factory.dynamodb
        try:
            if "deleting" not in request.custom_context:
                dynamodb.delete_table(TableName=model["TableName"])
            describe(dynamodb, model)
        except dynamodb.exceptions.ResourceNotFoundException:
            return self.done(model)
        return self.in_progress(model, deleting=True)


TableResource.SCHEMA["createOnlyProperties"] = [
    "/properties/TableName",
    "/properties/KeySchema",
    "/properties/LocalSecondaryIndexes",
]


def refuse(model: Model) -> None:
    """Name what would be ignored otherwise."""
    for name in sorted(model.keys() - {*AT_CREATION, *AFTERWARDS, *ATTRIBUTES}):
        if model[name]:
            raise NotImplementedError(f"{name} of AWS::DynamoDB::Table is not emulated")
    for index in model.get("GlobalSecondaryIndexes") or []:
        if index.get("ContributorInsightsSpecification"):
            raise NotImplementedError(
                "ContributorInsightsSpecification of AWS::DynamoDB::Table is not emulated"
            )
    recovery = model.get("PointInTimeRecoverySpecification") or {}
    if str(recovery.get("PointInTimeRecoveryEnabled")).lower() == "true":
        raise NotImplementedError(
            "PointInTimeRecoverySpecification of AWS::DynamoDB::Table is not emulated"
        )
    if (model.get("StreamSpecification") or {}).get("ResourcePolicy"):
        raise NotImplementedError("ResourcePolicy of AWS::DynamoDB::Table is not emulated")


def as_the_api_has_it(model: Model) -> Model:
    """The properties as CreateTable and UpdateTable spell and type them."""
    given = {name: model[name] for name in AT_CREATION if model.get(name) is not None}
    if stream := given.pop("StreamSpecification", None):
        given["StreamSpecification"] = {"StreamEnabled": True, **stream}
    if encryption := given.pop("SSESpecification", None):
        given["SSESpecification"] = {
            "Enabled" if name == "SSEEnabled" else name: value for name, value in encryption.items()
        }
    return typed("dynamodb", "CreateTable", given, "AWS::DynamoDB::Table")


def creation(model: Model) -> Model:
    """What CreateTable takes. A template without a billing mode means provisioned."""
    return as_the_api_has_it(model)


def describe(dynamodb: Any, model: Model) -> Model:
    """The table as it is now."""
    table: Model = dynamodb.describe_table(TableName=model["TableName"])["Table"]
    return table


def wait_until_active(dynamodb: Any, model: Model) -> Model:
    """Changes follow one another: wait for the last."""
    dynamodb.get_waiter("table_exists").wait(
        TableName=model["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 300}
    )
    return describe(dynamodb, model)


def with_attributes(model: Model, described: Model) -> Model:
    """The model with what `GetAtt` reads."""
    stream = described.get("LatestStreamArn")
    return {**model, "Arn": described["TableArn"]} | ({"StreamArn": stream} if stream else {})


def changes(before: Model, after: Model) -> list[Model]:
    """What UpdateTable is to do: capacity, class, protection and encryption together; a stream or
    an index each alone.
    """
    old, new = as_the_api_has_it(before), as_the_api_has_it(after)
    plain: Model = {
        name: new[name]
        for name in ("BillingMode", "ProvisionedThroughput", "TableClass", "SSESpecification")
        if name in new and new[name] != old.get(name)
    }
    if protected(new) != protected(old):
        plain["DeletionProtectionEnabled"] = protected(new)
    if "SSESpecification" in old and "SSESpecification" not in new:
        plain["SSESpecification"] = {"Enabled": False}
    found = [plain] if plain else []
    return [*found, *stream_changes(old, new), *index_changes(old, new)]


def protected(model: Model) -> bool:
    """Whether the table may not be deleted."""
    return bool(model.get("DeletionProtectionEnabled"))


def stream_changes(old: Model, new: Model) -> list[Model]:
    """Off and on again: a stream's view cannot change."""
    before, after = old.get("StreamSpecification"), new.get("StreamSpecification")
    if before == after:
        return []
    off = [{"StreamSpecification": {"StreamEnabled": False}}] if before else []
    return [*off, {"StreamSpecification": after}] if after else off


def index_changes(old: Model, new: Model) -> list[Model]:
    """Indexes that go, then those that come; one with another key or projection does both."""
    before = {index["IndexName"]: index for index in old.get("GlobalSecondaryIndexes", ())}
    after = {index["IndexName"]: index for index in new.get("GlobalSecondaryIndexes", ())}
    gone = [name for name, index in before.items() if remade(index, after.get(name))]
    come = [name for name, index in after.items() if remade(index, before.get(name))]
    resized = [
        {"Update": {"IndexName": name, "ProvisionedThroughput": index["ProvisionedThroughput"]}}
        for name, index in after.items()
        if name not in come
        and index.get("ProvisionedThroughput")
        not in (None, before[name].get("ProvisionedThroughput"))
    ]
    updates = [
        *({"Delete": {"IndexName": name}} for name in gone),
        *({"Create": after[name]} for name in come),
        *resized,
    ]
    return [
        {
            "AttributeDefinitions": new["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [update],
        }
        for update in updates
    ]


def remade(index: Model, other: Model | None) -> bool:
    """Whether an index is another one than that of the same name."""
    return other is None or any(index.get(n) != other.get(n) for n in ("KeySchema", "Projection"))


def set_time_to_live(dynamodb: Any, before: Model, model: Model) -> None:
    """Turn expiry on, off, or to another attribute."""
    old, new = expiry(before), expiry(model)
    if old == new:
        return
    for attribute, enabled in ((old, False), (new, True)):
        if attribute:
            dynamodb.update_time_to_live(
                TableName=model["TableName"],
                TimeToLiveSpecification={"AttributeName": attribute, "Enabled": enabled},
            )


def expiry(model: Model) -> str | None:
    """The attribute that items expire by."""
    given = model.get("TimeToLiveSpecification") or {}
    return given.get("AttributeName") if str(given.get("Enabled")).lower() == "true" else None


def retag(dynamodb: Any, arn: str, before: Model, model: Model) -> None:
    """Make the table's tags those of the template."""
    old = {tag["Key"] for tag in before.get("Tags") or []}
    tags = model.get("Tags") or []
    if gone := sorted(old - {tag["Key"] for tag in tags}):
        dynamodb.untag_resource(ResourceArn=arn, TagKeys=gone)
    if tags:
        dynamodb.tag_resource(ResourceArn=arn, Tags=tags)
