"""Endpoints, as the API has them. Their status follows the servers that `launching` starts and
`rollout`, `rolling` and `scaling` change.
"""

import threading
from collections.abc import Callable, Set

from localstack.runtime import events

from emulation.services.sagemaker import (
    endpoint_configs,
    endpoint_descriptions,
    guardrails,
    models,
    rolling,
    rollout,
    scaling,
    tags,
    traffic,
)
from emulation.services.sagemaker.endpoint_configs import weight
from emulation.services.sagemaker.endpoint_events import enter, tell_deployment
from emulation.services.sagemaker.endpoint_utilization import SAMPLER
from emulation.services.sagemaker.errors import (
    already_exists,
    could_not_find,
    endpoint_in_progress,
    validation_exception,
)
from emulation.services.sagemaker.launching import DeploymentError, instance_names, launch
from emulation.services.sagemaker.listing import list_page
from emulation.services.sagemaker.rollout import EmulatorEndsError, Rollout
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import (
    Endpoint,
    EndpointConfig,
    Members,
    PendingDeployment,
    Variant,
)
from emulation.state import save_service

NOUN = "endpoint"
INTERRUPTED = "The emulator ended during the update."
PING_SECONDS = 240.0
"""How long a container may take to answer its first ping, unless the variant says otherwise."""

AT_REST = frozenset({"InService", "UpdateRollbackFailed"})
_CLAIMING = threading.Lock()
"""Of two changes at the same time one is refused."""
IN_PROGRESS = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})


def create(scope: Scope, request: Members) -> Members:
    """Start the servers of a configuration; a DeploymentConfig is noted for updates."""
    name = request["EndpointName"]
    arn = scope.arn("endpoint", name)
    if name in scope.store.endpoints:
        raise already_exists(NOUN, arn)
    config = endpoint_configs.find(scope, request["EndpointConfigName"])
    variants = variants_of(scope, config)
    guarded = request.get("DeploymentConfig")
    check_deployment(scope, guarded, variants)
    endpoint = Endpoint(name, arn, config.name, last_deployment=guarded)
    endpoint.first_variants = variants
    scope.store.endpoints[name] = endpoint
    tags.set_tags(scope, arn, request.get("Tags", []))
    begin(scope, endpoint, variants, "Creating")
    in_background(f"create-{name}", lambda: deploy_first(scope, endpoint, variants))
    return {"EndpointArn": arn}


def update(scope: Scope, request: Members) -> Members:
    """Move to another configuration, as the DeploymentConfig says."""
    endpoint = find(scope, request["EndpointName"])
    config = endpoint_configs.find(scope, request["EndpointConfigName"])
    check_at_rest(endpoint)
    guarded = request.get("DeploymentConfig")
    if guarded is None and request.get("RetainDeploymentConfig"):
        guarded = endpoint.last_deployment
    variants = variants_of(scope, config)
    retain(request, endpoint.variants, variants)
    check_deployment(scope, guarded, variants)
    guardrails.check_names(guarded, endpoint.variants, variants)
    with _CLAIMING:
        check_at_rest(endpoint)
        begin(scope, endpoint, variants, "Updating")
    endpoint.last_deployment = guarded or endpoint.last_deployment
    in_background(f"update-{endpoint.name}", lambda: roll_out(scope, endpoint, guarded))
    return {"EndpointArn": endpoint.arn}


def check_at_rest(endpoint: Endpoint, at_rest: Set[str] = AT_REST) -> None:
    """Refuse a change while another is under way."""
    if endpoint.status not in at_rest:
        raise endpoint_in_progress(endpoint.arn)


def check_deployment(scope: Scope, guarded: Members | None, variants: list[Variant]) -> None:
    """Refuse a DeploymentConfig that cannot be followed."""
    guardrails.check(guarded, variants)
    guardrails.check_alarms(scope, guarded)


def roll_out(scope: Scope, endpoint: Endpoint, guarded: Members | None) -> None:
    """The deployment that is pending."""
    assert endpoint.pending is not None
    policy = guardrails.Policy.of(guarded)
    router = traffic.ACTIVE[traffic.key(scope, endpoint.name)]
    job = Rollout(scope, endpoint, router, policy, endpoint.pending, save)
    (rolling if policy.kind == "ROLLING" else rollout).deploy(job)


def update_weights_and_capacities(scope: Scope, request: Members) -> Members:
    """Change servers and weights of what serves."""
    endpoint = find(scope, request["EndpointName"])
    wanted = request["DesiredWeightsAndCapacities"]
    with _CLAIMING:
        check_at_rest(endpoint, {"InService"})
        scaling.check(endpoint, wanted)
        scaling.begin(scope, endpoint, wanted)
    in_background(f"scale-{endpoint.name}", lambda: scaling.apply(scope, endpoint))
    return {"EndpointArn": endpoint.arn}


def variants_of(scope: Scope, config: EndpointConfig) -> list[Variant]:
    """A configuration's variants, complete."""
    return [
        Variant(
            name=item["VariantName"],
            model=models.find(scope, item["ModelName"]).request,
            weight=weight(item),
            count=0,
            ping_seconds=item.get("ContainerStartupHealthCheckTimeoutInSeconds", PING_SECONDS),
            instances=instance_names(item["InitialInstanceCount"]),
            capture=config.request.get("DataCaptureConfig"),
            config_name=config.name,
            instance_type=item["InstanceType"],
        )
        for item in config.request["ProductionVariants"]
    ]


def retain(request: Members, old: list[Variant], new: list[Variant]) -> None:
    """Carry over what variants of the same name have now, where the request says so."""
    excluded = request.get("ExcludeRetainedVariantProperties", [])
    if not request.get("RetainAllVariantProperties"):
        if excluded:
            raise validation_exception(
                "ExcludeRetainedVariantProperties can only be specified when"
                " RetainAllVariantProperties is true."
            )
        return
    types = {item["VariantPropertyType"] for item in excluded}
    before = {variant.name: variant for variant in old}
    for variant in new:
        same = before.get(variant.name)
        if same is not None and "DesiredWeight" not in types:
            variant.weight = same.weight
        if same is not None and "DesiredInstanceCount" not in types:
            variant.instances = instance_names(len(same.instances))
        if "DataCaptureConfig" not in types:
            variant.capture = next((item.capture for item in old), None)


def begin(scope: Scope, endpoint: Endpoint, variants: list[Variant], status: str) -> None:
    """Servers are about to be started; DescribeEndpoint shows them from now on."""
    for variant in variants:
        variant.count = 0
        variant.enter("Creating", f"Launching {len(variant.instances)} instance(s).")
    endpoint.pending = PendingDeployment(variants[0].config_name, variants)
    enter(scope, endpoint, status)
    tell_deployment(scope, endpoint)


def deploy_first(
    scope: Scope, endpoint: Endpoint, variants: list[Variant], reason: str | None = None
) -> None:
    """An endpoint's first servers: it is Failed when they do not answer."""
    try:
        deployment = launch(scope, endpoint.name, variants)
    except DeploymentError as error:
        if events.infra_stopping.is_set():
            raise EmulatorEndsError from error
        endpoint.pending = None
        enter(scope, endpoint, "Failed", str(error))
        return
    for variant in variants:
        variant.count, variant.status = len(variant.instances), None
    endpoint.variants, endpoint.first_variants, endpoint.pending = variants, [], None
    traffic.begin(scope, endpoint.name, deployment)
    SAMPLER.start()
    enter(scope, endpoint, "InService", reason)


def find(scope: Scope, name: str) -> Endpoint:
    """An endpoint by its name."""
    endpoint = scope.store.endpoints.get(name)
    if endpoint is None:
        raise could_not_find(NOUN, scope.arn("endpoint", name))
    return endpoint


def describe(scope: Scope, name: str) -> Members:
    """The endpoint; its variants once they serve."""
    return endpoint_descriptions.describe(scope, find(scope, name))


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
    """Stop the servers, then forget the endpoint; one that is being changed stays, as on AWS."""
    endpoint = find(scope, name)
    with _CLAIMING:
        if endpoint.status in IN_PROGRESS:
            raise endpoint_in_progress(endpoint.arn)
        if endpoint.status != "Deleting":
            enter(scope, endpoint, "Deleting")
            in_background(f"delete-{name}", lambda: remove(scope, endpoint))


def remove(scope: Scope, endpoint: Endpoint) -> None:
    """The end of an endpoint."""
    for deployment in traffic.end(scope, endpoint.name):
        deployment.end()
    scope.store.endpoints.pop(endpoint.name, None)
    tags.forget(scope, endpoint.arn)


def restore(scope: Scope, endpoint: Endpoint) -> None:
    """After a restart of the emulator: start the servers again; in service when they answer."""
    if endpoint.status == "Deleting":
        scope.store.endpoints.pop(endpoint.name, None)
    if endpoint.status in {"Deleting", "Failed"}:
        return
    reason = INTERRUPTED if was_interrupted(endpoint) else endpoint.failure_reason
    variants = endpoint.variants or endpoint.first_variants
    scaling.forget(variants)
    for variant in variants:
        variant.config_name = variant.config_name or endpoint.config_name
    begin(scope, endpoint, variants, "SystemUpdating" if endpoint.variants else "Creating")

    def start_again() -> None:
        # The servers log to the gateway, and read from it what is not on disk any more.
        events.infra_ready.wait()
        deploy_first(scope, endpoint, variants, reason)

    in_background(f"restore-{endpoint.name}", start_again)


def was_interrupted(endpoint: Endpoint) -> bool:
    """Whether the emulator ended in the middle of a change; one that has begun to serve had only
    its old servers to end.
    """
    scaled = any(
        variant.desired_count is not None or variant.desired_weight is not None
        for variant in endpoint.variants
    )
    return endpoint.status in {"Updating", "RollingBack"} and (
        endpoint.pending is not None or scaled
    )


def save() -> None:
    """Keep what has come of work in a thread."""
    save_service("sagemaker")


def in_background(name: str, work: Callable[[], None]) -> None:
    """Where the API answers before the work is done; what came of it is kept."""

    def run() -> None:
        try:
            work()
        except EmulatorEndsError:
            return
        save()

    threading.Thread(target=run, name=name, daemon=True).start()
