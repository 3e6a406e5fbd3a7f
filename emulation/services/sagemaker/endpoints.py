"""Endpoints, as the API has them. Their status follows the servers that `deployments` starts."""

import threading
import uuid
from collections.abc import Callable

from localstack.runtime import events

from emulation.services.sagemaker import (
    capture,
    deployments,
    endpoint_configs,
    models,
    tags,
)
from emulation.services.sagemaker.deployments import Deployment, DeploymentError
from emulation.services.sagemaker.endpoint_configs import weight
from emulation.services.sagemaker.errors import (
    already_exists,
    could_not_find,
    endpoint_in_progress,
    not_emulated,
)
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Endpoint, EndpointConfig, Members, Variant
from emulation.state import save_service

NOUN = "endpoint"
INTERRUPTED = "The emulator ended during the update."
PING_SECONDS = 240.0
"""How long a container may take to answer its first ping, unless the variant says otherwise."""


def create(scope: Scope, request: Members) -> Members:
    """Start the servers of a configuration."""
    refuse_deployment_config("CreateEndpoint", request)
    name = request["EndpointName"]
    arn = scope.arn("endpoint", name)
    if name in scope.store.endpoints:
        raise already_exists(NOUN, arn)
    config = endpoint_configs.find(scope, request["EndpointConfigName"])
    endpoint = Endpoint(name, arn, config.name)
    endpoint.first_variants = variants_of(scope, config)
    scope.store.endpoints[name] = endpoint
    tags.set_tags(scope, arn, request.get("Tags", []))
    job = f"create-{name}"
    in_background(job, lambda: deploy_first(scope, endpoint, endpoint.first_variants))
    return {"EndpointArn": arn}


def update(scope: Scope, request: Members) -> Members:
    """Start the servers of another configuration, and switch when all of them answer."""
    refuse_deployment_config("UpdateEndpoint", request)
    for member in ("RetainAllVariantProperties", "RetainDeploymentConfig"):
        if request.get(member):
            raise not_emulated("UpdateEndpoint", member)
    endpoint = find(scope, request["EndpointName"])
    config = endpoint_configs.find(scope, request["EndpointConfigName"])
    if endpoint.status != "InService":
        raise endpoint_in_progress(endpoint.arn)
    variants = variants_of(scope, config)
    endpoint.enter("Updating")
    job = f"update-{endpoint.name}"
    in_background(job, lambda: switch(scope, endpoint, variants, config.name))
    return {"EndpointArn": endpoint.arn}


def refuse_deployment_config(operation: str, request: Members) -> None:
    """Everything but the plain switch is a guardrail."""
    if request.get("DeploymentConfig"):
        raise not_emulated(operation, "DeploymentConfig")


def variants_of(scope: Scope, config: EndpointConfig) -> list[Variant]:
    """A configuration's variants, complete."""
    return [
        Variant(
            name=item["VariantName"],
            model=models.find(scope, item["ModelName"]).request,
            weight=weight(item),
            count=item["InitialInstanceCount"],
            ping_seconds=item.get("ContainerStartupHealthCheckTimeoutInSeconds", PING_SECONDS),
            instances=[f"i-{uuid.uuid4().hex[:17]}" for _ in range(item["InitialInstanceCount"])],
            capture=config.request.get("DataCaptureConfig"),
            config_name=config.name,
            instance_type=item["InstanceType"],
        )
        for item in config.request["ProductionVariants"]
    ]


def deploy_first(scope: Scope, endpoint: Endpoint, variants: list[Variant]) -> None:
    """A new endpoint's servers: it is Failed when they do not answer."""
    try:
        deployment = deployments.launch(scope, endpoint.name, variants)
    except DeploymentError as error:
        if endpoint.status != "Deleting":
            endpoint.enter("Failed", str(error))
        return
    put_in_service(scope, endpoint, deployment)


def switch(scope: Scope, endpoint: Endpoint, variants: list[Variant], config_name: str) -> None:
    """New servers for an endpoint in service: when they do not answer, the old ones go on."""
    try:
        deployment = deployments.launch(scope, endpoint.name, variants)
    except DeploymentError as error:
        if endpoint.status == "Updating":
            endpoint.enter("InService", str(error))
        return
    endpoint.config_name = config_name
    put_in_service(scope, endpoint, deployment)


def put_in_service(scope: Scope, endpoint: Endpoint, deployment: Deployment) -> None:
    """Traffic goes to the new servers; the old ones answer what they have and end."""
    if endpoint.status == "Deleting":
        deployment.end()
        return
    old = deployments.activate(scope, endpoint.name, deployment)
    endpoint.variants = [serving.variant for serving in deployment.serving]
    endpoint.enter("InService")
    if old is not None:
        old.end()


def find(scope: Scope, name: str) -> Endpoint:
    """An endpoint by its name."""
    endpoint = scope.store.endpoints.get(name)
    if endpoint is None:
        raise could_not_find(NOUN, scope.arn("endpoint", name))
    return endpoint


def describe(scope: Scope, name: str) -> Members:
    """The endpoint; its variants once they serve."""
    endpoint = find(scope, name)
    reason = {} if endpoint.failure_reason is None else {"FailureReason": endpoint.failure_reason}
    variants = [describe_variant(variant) for variant in endpoint.variants]
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config_name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        **({"ProductionVariants": variants} if variants else {}),
        **describe_capture(scope, endpoint),
        **reason,
    }


def describe_capture(scope: Scope, endpoint: Endpoint) -> Members:
    """The data capture of what serves now."""
    config = next((variant.capture for variant in endpoint.variants if variant.capture), None)
    if config is None:
        return {}
    deployment = deployments.ACTIVE.get(deployments.key(scope, endpoint.name))
    serving = deployment.serving if deployment else []
    recorders = [item.recorder for item in serving if item.recorder is not None]
    return {"DataCaptureConfig": capture.summary(config, recorders)}


def describe_variant(variant: Variant) -> Members:
    """A variant with its image, weight and servers."""
    image = models.container(variant.model)["Image"]
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolutionTime": variant.resolved}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": variant.count,
        "DesiredInstanceCount": variant.count,
    }


def list_endpoints(scope: Scope, request: Members) -> Members:
    """A page of summaries."""
    summaries = [
        {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "CreationTime": endpoint.created,
            "LastModifiedTime": endpoint.modified,
            "EndpointStatus": endpoint.status,
        }
        for endpoint in scope.store.endpoints.values()
    ]
    page, more = list_page(request, summaries, "Endpoint", newest_first=True)
    return {"Endpoints": page, **more}


def delete(scope: Scope, name: str) -> None:
    """Stop the servers, then forget the endpoint."""
    endpoint = find(scope, name)
    if endpoint.status != "Deleting":
        endpoint.enter("Deleting")
        in_background(f"delete-{name}", lambda: remove(scope, endpoint))


def remove(scope: Scope, endpoint: Endpoint) -> None:
    """The end of an endpoint."""
    deployment = deployments.deactivate(scope, endpoint.name)
    if deployment is not None:
        deployment.end()
    scope.store.endpoints.pop(endpoint.name, None)
    tags.forget(scope, endpoint.arn)


def restore(scope: Scope, endpoint: Endpoint) -> None:
    """After a restart of the emulator: start the servers again; in service when they answer."""
    if endpoint.status == "Deleting":
        scope.store.endpoints.pop(endpoint.name, None)
    if endpoint.status in {"Deleting", "Failed"}:
        return
    reason = INTERRUPTED if endpoint.status == "Updating" else endpoint.failure_reason
    variants = endpoint.variants or endpoint.first_variants
    endpoint.enter("SystemUpdating" if endpoint.variants else "Creating")

    def start_again() -> None:
        # The servers log to the gateway, and read from it what is not on disk any more.
        events.infra_ready.wait()
        deploy_first(scope, endpoint, variants)
        endpoint.failure_reason = endpoint.failure_reason or reason

    in_background(f"restore-{endpoint.name}", start_again)


def in_background(name: str, work: Callable[[], None]) -> None:
    """Where the API answers before the work is done; what came of it is kept."""

    def run() -> None:
        work()
        save_service("sagemaker")

    threading.Thread(target=run, name=name, daemon=True).start()
