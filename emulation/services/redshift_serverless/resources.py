"""Redshift Serverless's CloudFormation types."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.resource_types import Model, ResourceType


def camel(name: str) -> str:
    """`NamespaceName` as the API spells it."""
    return name[:1].lower() + name[1:]


def pascal(value: Any) -> Any:
    """An answer's members as CloudFormation spells them."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [pascal(inner) for inner in value]
    return value if isinstance(value, bool | int | str) else str(value)


FLAGS = {"ManageAdminPassword", "EnhancedVpcRouting", "PubliclyAccessible"}
NUMBERS = {"BaseCapacity", "MaxCapacity", "Port"}


def typed(name: str, value: Any) -> Any:
    """A property as the API takes it: a parameter of the template gives every value as text."""
    if name in FLAGS and isinstance(value, str):
        return value.lower() == "true"
    return int(value) if name in NUMBERS else camels(value)


def members(model: Model, names: tuple[str, ...]) -> Model:
    """Properties as the members of a request."""
    return {camel(name): typed(name, model[name]) for name in names if model.get(name) is not None}


def camels(value: Any) -> Any:
    """Nested properties as the API spells them."""
    if isinstance(value, dict):
        return {camel(key): camels(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [camels(inner) for inner in value]
    return value


def is_missing(error: ClientError) -> bool:
    """Whether the API says that there is no such thing."""
    return bool(error.response["Error"]["Code"] == "ResourceNotFoundException")


class ServerlessResource(ResourceType):
    """What namespaces and workgroups share. `Ref` is the name; `GetAtt` reads `NOUN.Member`."""

    NOUN: ClassVar[str]
    CREATE: ClassVar[tuple[str, ...]]
    UPDATE: ClassVar[tuple[str, ...]]
    REPLACES: ClassVar[tuple[str, ...]]
    """Properties whose change makes a new resource."""
    REFUSED: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # LocalStack's change sets read from here which properties replace.
        cls.SCHEMA["createOnlyProperties"] = [f"/properties/{name}" for name in cls.REPLACES]

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it."""
        model = dict(request.desired_state)
        refusal = self._refusal(model)
        if refusal:
            return self.failed(model, refusal)
        model.setdefault(self.IDENTIFIER, self.default_name(request).lower()[:64].strip("-"))
        return self._answered(model, self._call(request, "create", members(model, self.CREATE)))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change what changed; numbers and lists in the order of the template."""
        before = request.previous_state or {}
        model = {self.IDENTIFIER: before[self.IDENTIFIER], **request.desired_state}
        refusal = self._refusal(model) or self._unchangeable(before, model)
        if refusal:
            return self.failed(model, refusal)
        changed = tuple(name for name in self.UPDATE if model.get(name) != before.get(name))
        wanted = members(model, changed) | {camel(self.IDENTIFIER): model[self.IDENTIFIER]}
        if "defaultIamRoleArn" in wanted:
            wanted["iamRoles"] = model.get("IamRoles", [])
        answer = self._call(request, "update", wanted)
        self._retag(request, answer[camel(self.NOUN)][f"{camel(self.NOUN)}Arn"], model)
        return self._answered(model, answer)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it; one that is gone already is no failure."""
        model = request.desired_state
        try:
            self._call(request, "delete", {camel(self.IDENTIFIER): model[self.IDENTIFIER]})
        except ClientError as error:
            if not is_missing(error):
                raise
        return self.done(model)

    def _answered(self, model: Model, answer: Model) -> ProgressEvent[Model]:
        return self.done(model | {self.NOUN: pascal(answer[camel(self.NOUN)])})

    def _refusal(self, model: Model) -> str:
        given = [name for name in self.REFUSED if model.get(name)]
        return f"{given[0]} of {self.TYPE} is not emulated" if given else ""

    def _unchangeable(self, before: Model, model: Model) -> str:
        known = {*self.UPDATE, *self.REPLACES, *self.REFUSED, "Tags", self.IDENTIFIER}
        names = [name for name in self.CREATE if name not in known]
        changed = [name for name in names if model.get(name) != before.get(name)]
        return f"{changed[0]} of {self.TYPE} cannot be changed" if changed else ""

    def _call(self, request: ResourceRequest[Model], verb: str, wanted: Model) -> Any:
        client = request.aws_client_factory.redshift_serverless
        return getattr(client, f"{verb}_{self.NOUN.lower()}")(**wanted)

    def _retag(self, request: ResourceRequest[Model], arn: str, model: Model) -> None:
        client = request.aws_client_factory.redshift_serverless
        wanted = {tag["Key"]: tag["Value"] for tag in model.get("Tags") or []}
        old = {tag["key"] for tag in client.list_tags_for_resource(resourceArn=arn)["tags"]}
        if old - set(wanted):
            client.untag_resource(resourceArn=arn, tagKeys=sorted(old - set(wanted)))
        if wanted:
            tags = [{"key": key, "value": value} for key, value in wanted.items()]
            client.tag_resource(resourceArn=arn, tags=tags)


class NamespaceResource(ServerlessResource):
    """AWS::RedshiftServerless::Namespace."""

    TYPE = "AWS::RedshiftServerless::Namespace"
    IDENTIFIER = "NamespaceName"
    NOUN = "Namespace"
    UPDATE = (
        "AdminUsername", "AdminUserPassword", "DefaultIamRoleArn", "IamRoles", "KmsKeyId",
        "LogExports", "ManageAdminPassword", "AdminPasswordSecretKmsKeyId",
    )  # fmt: skip
    CREATE = ("NamespaceName", "DbName", "Tags", *UPDATE)
    REPLACES = ("NamespaceName",)
    REFUSED = (
        "FinalSnapshotName", "SnapshotCopyConfigurations", "NamespaceResourcePolicy",
        "RedshiftIdcApplicationArn",
    )  # fmt: skip


class WorkgroupResource(ServerlessResource):
    """AWS::RedshiftServerless::Workgroup."""

    TYPE = "AWS::RedshiftServerless::Workgroup"
    IDENTIFIER = "WorkgroupName"
    NOUN = "Workgroup"
    UPDATE = (
        "BaseCapacity", "MaxCapacity", "ConfigParameters", "EnhancedVpcRouting", "Port",
        "PubliclyAccessible", "SecurityGroupIds", "SubnetIds", "PricePerformanceTarget",
        "TrackName",
    )  # fmt: skip
    CREATE = ("WorkgroupName", "NamespaceName", "Tags", *UPDATE)
    REPLACES = ("WorkgroupName", "NamespaceName")
    REFUSED = ("SnapshotArn", "SnapshotName", "SnapshotOwnerAccount", "RecoveryPointId")
