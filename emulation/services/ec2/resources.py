"""EC2's CloudFormation types. LocalStack has no launch template; its instance leaves most of what a
template says out, and its security group all rules.
"""

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.ec2 import launching
from emulation.services.resource_types import Model, ResourceType
from emulation.services.scope import Scope
from emulation.services.typed import typed
from emulation.strictness.policies import policy


def tags_of(request: ResourceRequest[Model], model: Model) -> list[Model]:
    """The template's tags, and those by which CloudFormation knows its own."""
    own = {
        "aws:cloudformation:stack-name": request.stack_name,
        "aws:cloudformation:stack-id": request.stack_id,
        "aws:cloudformation:logical-id": request.logical_resource_id,
    }
    return [*(model.get("Tags") or []), *({"Key": k, "Value": v} for k, v in own.items())]


def retag(ec2: Any, identifier: str, before: Model, model: Model) -> None:
    """Make a resource's tags those of the template."""
    old = {tag["Key"] for tag in before.get("Tags") or []}
    tags = model.get("Tags") or []
    if gone := sorted(old - {tag["Key"] for tag in tags}):
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": key} for key in gone])
    if tags:
        ec2.create_tags(Resources=[identifier], Tags=tags)


def refuse_signals(request: ResourceRequest[Model]) -> None:
    """A resource that waits for signals would wait for ever, or for nothing."""
    if policy(request.logical_resource_id, "CreationPolicy"):
        raise NotImplementedError(f"CreationPolicy of {request.resource_type} is not emulated")


class LaunchTemplateResource(ResourceType):
    """AWS::EC2::LaunchTemplate; a change of its data is a new version."""

    TYPE = "AWS::EC2::LaunchTemplate"
    IDENTIFIER = "LaunchTemplateId"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it with its first version."""
        model = request.desired_state
        model.setdefault("LaunchTemplateName", self.default_name(request))
        given = {name: model[name] for name in MEMBERS if model.get(name)}
        specifications = given.pop("TagSpecifications", [])
        of_template = [item for item in specifications if item["ResourceType"] == "launch-template"]
        tags = [tag for item in of_template for tag in item["Tags"]]
        given["TagSpecifications"] = [
            {"ResourceType": "launch-template", "Tags": tags_of(request, {"Tags": tags})}
        ]
        ec2 = request.aws_client_factory.ec2
        made = ec2.create_launch_template(**self._typed("CreateLaunchTemplate", given))
        return self.done(self._with_versions(model, made["LaunchTemplate"]))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """A new version, where the data has changed."""
        before = request.previous_state or {}
        model = {**before, **request.desired_state}
        identifier = before[self.IDENTIFIER]
        ec2 = request.aws_client_factory.ec2
        if model["LaunchTemplateData"] != before["LaunchTemplateData"]:
            given = {
                name: model[name]
                for name in ("LaunchTemplateData", "VersionDescription")
                if model.get(name)
            }
            given[self.IDENTIFIER] = identifier
            ec2.create_launch_template_version(**self._typed("CreateLaunchTemplateVersion", given))
        found = ec2.describe_launch_templates(LaunchTemplateIds=[identifier])["LaunchTemplates"]
        return self.done(self._with_versions(model, found[0]))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it with its versions."""
        model = request.previous_state or request.desired_state
        ec2 = request.aws_client_factory.ec2
        ec2.delete_launch_template(LaunchTemplateId=model[self.IDENTIFIER])
        return self.done(model)

    def _typed(self, operation: str, given: Model) -> Model:
        found: Model = typed("ec2", operation, given, self.TYPE)
        return found

    def _with_versions(self, model: Model, made: Model) -> Model:
        return model | {
            self.IDENTIFIER: made["LaunchTemplateId"],
            "LatestVersionNumber": str(made["LatestVersionNumber"]),
            "DefaultVersionNumber": str(made["DefaultVersionNumber"]),
        }


MEMBERS = ("LaunchTemplateName", "LaunchTemplateData", "VersionDescription", "TagSpecifications")
LaunchTemplateResource.SCHEMA["createOnlyProperties"] = ["/properties/LaunchTemplateName"]


class InstanceResource(ResourceType):
    """AWS::EC2::Instance; what cannot change while it runs makes a new one."""

    TYPE = "AWS::EC2::Instance"
    IDENTIFIER = "InstanceId"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Launch it and wait until it runs."""
        model = request.desired_state
        ec2 = request.aws_client_factory.ec2
        if "launched" not in request.custom_context:
            refuse_signals(request)
            # Not by a client, which would encode the template's base64 user data once more.
            scope = Scope(request.account_id, request.region_name)
            answer = launching.run(scope, self._launch(request, model))
            model[self.IDENTIFIER] = answer["Instances"][0]["InstanceId"]
            return self.in_progress(model, launched=True)
        found = described(ec2, model[self.IDENTIFIER])
        state = found["State"]["Name"]
        if state == "pending":
            return self.in_progress(model)
        if state != "running":
            return self.failed(model, found.get("StateReason", {}).get("Message", state))
        return self.done(model | attributes(found))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Tags and protections; everything else is a replacement."""
        before = request.previous_state or {}
        model = {**request.desired_state, **{n: before[n] for n in ATTRIBUTES if n in before}}
        ec2 = request.aws_client_factory.ec2
        identifier = model[self.IDENTIFIER]
        for name in ("DisableApiTermination", "InstanceInitiatedShutdownBehavior"):
            if model.get(name) != before.get(name):
                value = model.get(name, CHANGEABLE[name])
                typed_value = str(value).lower() == "true" if "Disable" in name else value
                ec2.modify_instance_attribute(
                    InstanceId=identifier, **{name: {"Value": typed_value}}
                )
        retag(ec2, identifier, before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Terminate it and wait until its units have stopped."""
        model = request.previous_state or request.desired_state
        ec2 = request.aws_client_factory.ec2
        try:
            if "terminating" not in request.custom_context:
                ec2.terminate_instances(InstanceIds=[model[self.IDENTIFIER]])
            state = described(ec2, model[self.IDENTIFIER])["State"]["Name"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidInstanceID.NotFound":
                raise
            state = "terminated"
        if state == "terminated":
            return self.done(model)
        return self.in_progress(model, terminating=True)

    def _launch(self, request: ResourceRequest[Model], model: Model) -> Model:
        given = {
            name: value
            for name, value in model.items()
            if name not in {"Tags", "AvailabilityZone", "Tenancy", *ATTRIBUTES}
            and value is not None
        }
        placement = {n: model[n] for n in ("AvailabilityZone", "Tenancy") if model.get(n)}
        if placement:
            given["Placement"] = placement
        if name := given.pop("IamInstanceProfile", None):
            given["IamInstanceProfile"] = {"Name": name}
        if "Monitoring" in given:
            given["Monitoring"] = {"Enabled": given["Monitoring"]}
        given |= {"MinCount": 1, "MaxCount": 1}
        given["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags_of(request, model)}]
        found: Model = typed("ec2", "RunInstances", given, self.TYPE)
        return found


CHANGEABLE = {"DisableApiTermination": False, "InstanceInitiatedShutdownBehavior": "stop"}
ATTRIBUTES = (
    "InstanceId",
    "AvailabilityZone",
    "PrivateIp",
    "PrivateDnsName",
    "PublicIp",
    "PublicDnsName",
    "VpcId",
)
"""What `GetAtt` reads."""

InstanceResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}"
    for name in (
        "ImageId",
        "InstanceType",
        "UserData",
        "IamInstanceProfile",
        "LaunchTemplate",
        "SecurityGroupIds",
        "SecurityGroups",
        "SubnetId",
        "NetworkInterfaces",
        "KeyName",
        "AvailabilityZone",
        "Tenancy",
        "PrivateIpAddress",
        "BlockDeviceMappings",
        "Monitoring",
        "EbsOptimized",
        "CreditSpecification",
    )
]


def described(ec2: Any, identifier: str) -> Model:
    """An instance as it is now."""
    answer = ec2.describe_instances(InstanceIds=[identifier])
    found: Model = answer["Reservations"][0]["Instances"][0]
    return found


def attributes(found: Model) -> Model:
    """What `GetAtt` reads."""
    return {
        "InstanceId": found["InstanceId"],
        "AvailabilityZone": found["Placement"]["AvailabilityZone"],
        "PrivateIp": found["PrivateIpAddress"],
        "PrivateDnsName": found["PrivateDnsName"],
        "PublicIp": "",
        "PublicDnsName": "",
        "VpcId": found["VpcId"],
    }


class SecurityGroupResource(ResourceType):
    """AWS::EC2::SecurityGroup, with its rules; nobody filters this machine's network by them."""

    TYPE = "AWS::EC2::SecurityGroup"
    IDENTIFIER = "Id"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create it with its rules."""
        model = request.desired_state
        for name in model.keys() - GROUP_MEMBERS:
            if model[name]:
                raise NotImplementedError(f"{name} of {self.TYPE} is not emulated")
        model.setdefault("GroupName", self.default_name(request))
        ec2 = request.aws_client_factory.ec2
        given = {"GroupName": model["GroupName"], "Description": model["GroupDescription"]}
        if model.get("VpcId"):
            given["VpcId"] = model["VpcId"]
        tags = [{"ResourceType": "security-group", "Tags": tags_of(request, model)}]
        made = ec2.create_security_group(**given, TagSpecifications=tags)
        # `Ref` is the name of a group whose template names no VPC.
        model["Id"] = made["GroupId"] if model.get("VpcId") else model["GroupName"]
        model["GroupId"] = made["GroupId"]
        try:
            bring_rules(ec2, {}, model)
        except ClientError:
            # Nobody deletes what could not be created.
            ec2.delete_security_group(GroupId=made["GroupId"])
            raise
        found = ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"][0]
        return self.done(model | {"VpcId": found["VpcId"]})

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Rules and tags in place."""
        before = request.previous_state or {}
        model = {**before, **request.desired_state}
        for name in ("SecurityGroupIngress", "SecurityGroupEgress", "Tags"):
            model[name] = request.desired_state.get(name)
        ec2 = request.aws_client_factory.ec2
        bring_rules(ec2, before, model)
        retag(ec2, model["GroupId"], before, model)
        return self.done(model)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete it."""
        model = request.previous_state or request.desired_state
        request.aws_client_factory.ec2.delete_security_group(GroupId=model["GroupId"])
        return self.done(model)


GROUP_MEMBERS = {
    "GroupName",
    "GroupDescription",
    "VpcId",
    "Tags",
    "SecurityGroupIngress",
    "SecurityGroupEgress",
    "GroupId",
    "Id",
}
SecurityGroupResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in ("GroupName", "GroupDescription", "VpcId")
]

EVERYWHERE = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
"""The rule that every new group has, until a template gives rules of its own."""


def bring_rules(ec2: Any, before: Model, model: Model) -> None:
    """Revoke the rules that are gone and authorize those that are new."""
    for name, direction in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
        default = [EVERYWHERE] if direction == "egress" else []
        # Egress rules of a template take the place of the default one.
        old = (before.get(name) or default) if before else default
        new = model.get(name) or default
        for verb, rules in (
            ("revoke", [rule for rule in old if rule not in new]),
            ("authorize", [rule for rule in new if rule not in old]),
        ):
            if rules:
                getattr(ec2, f"{verb}_security_group_{direction}")(
                    GroupId=model["GroupId"], IpPermissions=[permission(rule) for rule in rules]
                )


SOURCES = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourceSecurityGroupName": ("UserIdGroupPairs", "GroupName"),
}


def permission(rule: Model) -> Model:
    """A rule as the API has it."""
    found: Model = {"IpProtocol": str(rule["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if rule.get(name) is not None:
            found[name] = int(rule[name])
    for name, (listed, member) in SOURCES.items():
        if rule.get(name):
            description = {"Description": rule["Description"]} if rule.get("Description") else {}
            found[listed] = [{member: rule[name], **description}]
    return found
