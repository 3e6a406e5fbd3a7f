"""Rules of a security group that are resources of their own: so two groups may name each other."""

from typing import Any, ClassVar

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.ec2.resources import SOURCES, permission
from emulation.services.resource_types import Model, ResourceType

GONE = {"InvalidGroup.NotFound", "InvalidPermission.NotFound"}
GROUPS, PORTS = ("GroupId", "GroupName"), ("IpProtocol", "FromPort", "ToPort")
FIXED = [f"/properties/{name}" for name in (*GROUPS, *PORTS, *SOURCES)]


class GroupRuleResource(ResourceType):
    """A rule; `Ref` is its id, and only its description changes in place."""

    DIRECTION: ClassVar[str]

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Authorize it."""
        model = request.desired_state
        answer = self._call(request, "authorize_security_group_{}", model)
        return self.done(model | {"Id": answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Describe it anew."""
        model = {**(request.previous_state or {}), **request.desired_state}
        self._call(request, "update_security_group_rule_descriptions_{}", model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Revoke it, if it is not gone with its group."""
        model = request.previous_state or request.desired_state
        if model.get("Id"):
            try:
                self._call(request, "revoke_security_group_{}", model)
            except ClientError as error:
                if error.response["Error"]["Code"] not in GONE:
                    raise
        return self.done(model)

    def _call(self, request: ResourceRequest[Model], operation: str, model: Model) -> Any:
        group = {name: model[name] for name in GROUPS if model.get(name)}
        call = getattr(request.aws_client_factory.ec2, operation.format(self.DIRECTION))
        return call(**group, IpPermissions=[permission(model)])


class SecurityGroupIngressResource(GroupRuleResource):
    """AWS::EC2::SecurityGroupIngress."""

    TYPE = "AWS::EC2::SecurityGroupIngress"
    IDENTIFIER = "Id"
    DIRECTION = "ingress"


class SecurityGroupEgressResource(GroupRuleResource):
    """AWS::EC2::SecurityGroupEgress."""

    TYPE = "AWS::EC2::SecurityGroupEgress"
    IDENTIFIER = "Id"
    DIRECTION = "egress"


for kind in (SecurityGroupIngressResource, SecurityGroupEgressResource):
    kind.SCHEMA["createOnlyProperties"] = FIXED
