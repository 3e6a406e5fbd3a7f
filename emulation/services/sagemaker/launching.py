"""Servers are started from models: their folders, their images, and the wait for their ping."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from emulation.compute import container_contract, images
from emulation.compute.container_contract import ContainerFolder
from emulation.compute.serving import Fleet, ServerSpec
from emulation.services.log_events import LogStream
from emulation.services.sagemaker import folders, models
from emulation.services.sagemaker.capture import Recorder, Rule
from emulation.services.sagemaker.deployments import Deployment, Instance, ServingVariant
from emulation.services.sagemaker.endpoint_metrics import Tally
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage, StorageError
from emulation.services.sagemaker.store import Members, Variant
from emulation.settings import system_environment

LOG_GROUP = "/aws/sagemaker/Endpoints"


class DeploymentError(Exception):
    """The deployment does not succeed; the message is the endpoint's FailureReason."""


def instance_names(count: int) -> list[str]:
    """New names, of the form of EC2's."""
    return [f"i-{uuid.uuid4().hex[:17]}" for _ in range(count)]


def launch(
    scope: Scope, endpoint: str, variants: Sequence[Variant], seconds: float | None = None
) -> Deployment:
    """Start all servers and wait until each answers its ping, at most so long where it says so.

    Raises:
        DeploymentError: one does not; the others are stopped again.
    """
    deployment = Deployment([])
    try:
        for variant in variants:
            recorder = recorder_of(scope, endpoint, variant)
            serving = ServingVariant(variant, Tally(scope, endpoint, variant), recorder)
            deployment.serving.append(serving)
            serving.fleet = Fleet(prepare(scope, endpoint, serving, variant.instances))
        start_all(deployment, seconds)
    except DeploymentError:
        deployment.end()
        raise
    return deployment


def recorder_of(scope: Scope, endpoint: str, variant: Variant) -> Recorder | None:
    """Who captures the variant's inferences, where its configuration asks for that."""
    rule = Rule.of(variant.capture)
    return Recorder(scope.client("s3"), rule, endpoint, variant.name) if rule else None


def start_all(deployment: Deployment, seconds: float | None) -> None:
    """Start every variant's fleet, all at once."""

    def start(serving: ServingVariant) -> bool:
        return serving.fleet.start(patience(serving.variant, seconds))

    with ThreadPoolExecutor(max(1, len(deployment.serving))) as pool:
        for serving, ready in zip(
            deployment.serving, pool.map(start, deployment.serving), strict=True
        ):
            if not ready:
                raise no_ping(serving.variant)


def patience(variant: Variant, seconds: float | None) -> float:
    """How long the variant's servers may take to answer their first ping."""
    return variant.ping_seconds if seconds is None else min(variant.ping_seconds, seconds)


def no_ping(variant: Variant) -> DeploymentError:
    """A server that does not come up."""
    return DeploymentError(
        f"The primary container for production variant {variant.name} did not pass the ping health"
        " check. Please check CloudWatch logs for this endpoint."
    )


def grow(scope: Scope, endpoint: str, serving: ServingVariant, names: Sequence[str]) -> None:
    """Start more servers of a variant that serves; they join when all of them answer.

    Raises:
        DeploymentError: one does not; all of them are stopped again.
    """
    try:
        specs = prepare(scope, endpoint, serving, names)
        if not serving.fleet.grow(specs, serving.variant.ping_seconds):
            raise no_ping(serving.variant)
    except DeploymentError:
        for name in set(names) & set(serving.instances):
            serving.instances.pop(name).end()
        raise


def prepare(
    scope: Scope, endpoint: str, serving: ServingVariant, names: Sequence[str]
) -> list[ServerSpec]:
    """Folders with the model in them, and how to start its servers."""
    variant = serving.variant
    one = models.container(variant.model)
    image = find_image(one["Image"], variant.name)
    specs = []
    for name in names:
        folder = ContainerFolder(
            folders.endpoint_folder(scope.account, scope.region, endpoint, name)
        )
        stream = f"{variant.name}/{name}"
        log = LogStream(scope.account, scope.region, f"{LOG_GROUP}/{endpoint}", stream)
        serving.instances[name] = Instance(folder, log)
        if not folder.is_complete:
            fill(scope, folder, one)
            folder.complete()
        specs.append(server_spec(scope, folder, one, image, name, log))
    return specs


def find_image(uri: str, variant: str) -> images.Image:
    """The image's stand-in."""
    try:
        return images.find(uri)
    except images.UnknownImageError as error:
        raise DeploymentError(
            "Please make sure all images included in the model for the production variant"
            f" {variant} exist, and that the execution role used to create the model has"
            f" permissions to access them. {error}"
        ) from error


def fill(scope: Scope, folder: ContainerFolder, one: Members) -> None:
    """Unpack the model and the source that goes with it."""
    folder.make()
    storage = Storage(scope.client("s3"))
    data = models.data_location(one)
    if data is not None:
        fetch_model(storage, folder, *data)
    source = one.get("Environment", {}).get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if source.startswith("s3://"):
        try:
            storage.unpack(Location.parse(source), folder.code)
        except StorageError as error:
            raise DeploymentError(
                f"Failed to download the source from {source}: {error}"
            ) from error


def fetch_model(
    storage: Storage, folder: ContainerFolder, location: Location, packed: bool
) -> None:
    """The model's files."""
    fetch: Callable[..., object] = storage.unpack if packed else storage.download_prefix
    try:
        fetch(location, folder.model)
    except StorageError as error:
        raise DeploymentError(
            f'Failed to download model data for container "container_1" from URL: "{location}".'
            " Please ensure that there is an object located at the URL and that the role passed"
            f" to CreateModel has permissions to download the object. {error}"
        ) from error


def server_spec(
    scope: Scope,
    folder: ContainerFolder,
    one: Members,
    image: images.Image,
    name: str,
    log: LogStream,
) -> ServerSpec:
    """How one server is started."""
    system = dict(system_environment())
    path = f"{image.programs_folder}:{system.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    environment = {
        **system,
        **folder.environment(),
        **image.environment,
        **scope.container_environment(),
        "PATH": path,
        # More threads than that fight over the cores: measured, a hundred times the p99.
        "OMP_NUM_THREADS": "1",
        **one.get("Environment", {}),
    }
    command, environment = container_contract.contained(folder, image.serve_command, environment)
    return ServerSpec(name, command, environment, folder.code, log)
