"""The four kinds of monitoring job definitions: records that schedules run by.

Those of bias and explainability are kept as they are; their executions are refused by name.
"""

from collections.abc import Callable

from emulation.services.sagemaker import tags
from emulation.services.sagemaker.errors import (
    not_emulated,
    not_found,
    resource_in_use,
    validation_exception,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.roles import check_role
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import JobDefinition, Members

NOUNS = {
    "DataQuality": "data-quality-job-definition",
    "ModelQuality": "model-quality-job-definition",
    "ModelBias": "model-bias-job-definition",
    "ModelExplainability": "model-explainability-job-definition",
}
"""Kinds, and how their ARNs name them."""

COMMON = ("JobResources", "NetworkConfig", "RoleArn", "StoppingCondition")
OF_KIND = ("BaselineConfig", "AppSpecification", "JobInput", "JobOutputConfig")
SCRIPTS = ("RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri")


def create(kind: str) -> Callable[[Scope, Members], Members]:
    """The Create operation of a kind."""

    def work(scope: Scope, request: Members) -> Members:
        refuse(kind, request)
        name = request["JobDefinitionName"]
        arn = scope.arn(NOUNS[kind], name)
        if arn in scope.store.job_definitions:
            raise resource_in_use(f"Job definition already exists: {arn}")
        check_role(scope, request["RoleArn"])
        scope.store.job_definitions[arn] = JobDefinition(name, arn, kind, request)
        tags.set_tags(scope, arn, request.get("Tags", []))
        return {"JobDefinitionArn": arn}

    return work


def refuse(kind: str, request: Members) -> None:
    """Name what would be accepted and ignored otherwise."""
    refuse_input(f"Create{kind}JobDefinition", request[f"{kind}JobInput"])
    refuse_application(f"Create{kind}JobDefinition", request[f"{kind}AppSpecification"])
    if request["JobResources"]["ClusterConfig"]["InstanceCount"] > 1:
        raise not_emulated(f"Create{kind}JobDefinition", "more than one instance")


def refuse_input(operation: str, job_input: Members) -> None:
    """What an endpoint has captured."""
    if "BatchTransformInput" in job_input:
        raise not_emulated(operation, "BatchTransformInput")
    if "EndpointInput" not in job_input:
        raise validation_exception("EndpointInput or BatchTransformInput must be specified.")
    if job_input["EndpointInput"].get("S3InputMode") == "Pipe":
        raise not_emulated(operation, "S3InputMode Pipe")
    for member in ("FeaturesAttribute", "ExcludeFeaturesAttribute"):
        if member in job_input["EndpointInput"]:
            raise not_emulated(operation, member)


def refuse_application(operation: str, application: Members) -> None:
    """Scripts that would run within the analysis."""
    for member in SCRIPTS:
        if member in application:
            raise not_emulated(operation, member)


def find(scope: Scope, kind: str, name: str) -> JobDefinition:
    """A definition by its kind and name."""
    definition = scope.store.job_definitions.get(scope.arn(NOUNS[kind], name))
    if definition is None:
        raise not_found(name)
    return definition


def describe(kind: str) -> Callable[[Scope, str], Members]:
    """The Describe operation of a kind: the definition as it was created."""

    def work(scope: Scope, name: str) -> Members:
        definition = find(scope, kind, name)
        members = (*COMMON, *(f"{kind}{part}" for part in OF_KIND))
        request = definition.request
        return {
            "JobDefinitionName": definition.name,
            "JobDefinitionArn": definition.arn,
            "CreationTime": definition.created,
            **{member: request[member] for member in members if member in request},
        }

    return work


def delete(kind: str) -> Callable[[Scope, str], None]:
    """The Delete operation of a kind; schedules that run by it fail from then on."""

    def work(scope: Scope, name: str) -> None:
        definition = find(scope, kind, name)
        del scope.store.job_definitions[definition.arn]
        tags.forget(scope, definition.arn)

    return work


def list_definitions(kind: str) -> Callable[[Scope, Members], Members]:
    """The List operation of a kind."""

    def work(scope: Scope, request: Members) -> Members:
        definitions = [item for item in scope.store.job_definitions.values() if item.kind == kind]
        wanted = request.get("EndpointName")
        summaries = [
            {
                "MonitoringJobDefinitionName": item.name,
                "MonitoringJobDefinitionArn": item.arn,
                "CreationTime": item.created,
                "EndpointName": item.endpoint,
            }
            for item in definitions
            if wanted in {None, item.endpoint}
        ]
        page, more = list_page(request, summaries, "MonitoringJobDefinition", newest_first=True)
        return {"JobDefinitionSummaries": page, **more}

    return work
