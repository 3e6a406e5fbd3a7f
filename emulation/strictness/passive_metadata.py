"""The operations that may fall through to moto: records that nothing computes from.

moto travels inside LocalStack and answers whatever a provider does not write, often with canned
rows or a state that no work ever had: an EC2 instance that "runs", a certificate that is "issued".
So the fall-through is closed but for this list; the rest is refused by name.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.services import moto


def operations(nouns: str, verbs: str = "Create Get Update Delete") -> set[str]:
    """Every verb with every noun; operations that AWS does not have are never asked for."""
    return {verb + noun for verb in verbs.split() for noun in nouns.split()}


PASSIVE: dict[str, set[str]] = {
    # REST APIs are kept here and executed by LocalStack.
    "apigateway": operations(
        "RestApi RestApis Resource Resources Method MethodResponse Integration IntegrationResponse "
        "Deployment Deployments Stage Stages Model Models ModelTemplate RequestValidator "
        "RequestValidators ApiKey ApiKeys UsagePlan UsagePlans UsagePlanKey UsagePlanKeys Usage "
        "Authorizer Authorizers Account GatewayResponse GatewayResponses Tags DocumentationPart "
        "DocumentationParts DocumentationVersion DocumentationVersions",
        "Create Get Update Delete Put",
    )
    | {"TagResource", "UntagResource", "ImportRestApi", "PutRestApi", "FlushStageCache"},
    # Networks are names that templates refer to; instances are processes: `services/ec2`.
    "ec2": operations(
        "Vpc Vpcs Subnet Subnets SecurityGroup SecurityGroups SecurityGroupRules RouteTable "
        "RouteTables Route InternetGateway InternetGateways Tags VpcAttribute VpcEndpoint "
        "VpcEndpoints KeyPair KeyPairs NetworkAcl NetworkAcls PrefixLists ManagedPrefixLists",
        "Create Describe Delete Modify",
    )
    | operations("SecurityGroupIngress SecurityGroupEgress", "Authorize Revoke")
    | operations("InternetGateway", "Attach Detach")
    | operations("RouteTable", "Associate Disassociate")
    | operations(
        "Regions AvailabilityZones AccountAttributes InstanceTypes InstanceTypeOfferings",
        "Describe",
    ),
    "secretsmanager": operations(
        "Secret Secrets SecretValue ResourcePolicy RandomPassword SecretVersionIds "
        "SecretVersionStage",
        "Create Get Describe Update Delete Put List Restore BatchGet",
    )
    | {"TagResource", "UntagResource"},
    "ssm": operations("Parameter Parameters ParametersByPath ParameterHistory", "Put Get Delete")
    | {"DescribeParameters", "AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource"},
    "resource-groups": operations("Group Groups GroupQuery Tags", "Create Get Update Delete List"),
    "s3control": operations("PublicAccessBlock", "Get Put Delete"),
}


def apply() -> None:
    """Patch the running gateway; called before a service is loaded."""
    forward = moto._proxy_moto

    def forward_if_passive(context: RequestContext, request: Any) -> Any:
        service, operation = context.service.service_name, context.operation.name
        if operation not in PASSIVE.get(service, set()):
            raise NotImplementedError(f"{service}.{operation} is not emulated")
        return forward(context, request)

    moto._proxy_moto = forward_if_passive
