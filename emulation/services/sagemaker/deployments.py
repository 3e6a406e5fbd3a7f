"""The servers of endpoints: started from models, registered where invocations look for them."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from emulation.compute import container_contract, images
from emulation.compute.container_contract import ContainerFolder
from emulation.compute.serving import Fleet, ServerSpec
from emulation.services.log_events import LogStream
from emulation.services.sagemaker import folders, models
from emulation.services.sagemaker.capture import Recorder, Rule
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.storage import Location, Storage, StorageError
from emulation.services.sagemaker.store import Members, Variant
from emulation.settings import system_environment

LOG_GROUP = "/aws/sagemaker/Endpoints"
RESTART_SECONDS = 60.0


class DeploymentError(Exception):
    """The servers do not come up; the message is the endpoint's FailureReason."""


@dataclass(eq=False)
class ServingVariant:
    """A variant and the servers that answer for it."""

    variant: Variant
    fleet: Fleet
    logs: list[LogStream]
    folders: list[ContainerFolder]
    recorder: Recorder | None

    def end(self) -> None:
        """Answer what is under way, then stop and free the disk."""
        self.fleet.drain()
        self.fleet.stop()
        if self.recorder is not None:
            self.recorder.close()
        for log in self.logs:
            log.close()
        for folder in self.folders:
            folder.remove()


@dataclass(eq=False)
class Deployment:
    """Everything that serves one endpoint at one time."""

    serving: list[ServingVariant]

    def choose(self) -> ServingVariant:
        """A variant, as often as its weight says."""
        weights = [serving.variant.weight for serving in self.serving]
        return random.choices(self.serving, weights)[0]

    def named(self, name: str) -> ServingVariant | None:
        """The variant that the caller asked for."""
        return next((item for item in self.serving if item.variant.name == name), None)

    def end(self) -> None:
        """End all variants at the same time."""
        with ThreadPoolExecutor(max(1, len(self.serving))) as pool:
            list(pool.map(ServingVariant.end, self.serving))


Key = tuple[str, str, str]
ACTIVE: dict[Key, Deployment] = {}
"""What serves now, by account, region and endpoint."""
_CHANGED = threading.Condition()


def key(scope: Scope, endpoint: str) -> Key:
    """An endpoint's place in `ACTIVE`."""
    return scope.account, scope.region, endpoint


def activate(scope: Scope, endpoint: str, deployment: Deployment) -> Deployment | None:
    """Traffic goes here from now on; what served before."""
    with _CHANGED:
        old = ACTIVE.get(key(scope, endpoint))
        ACTIVE[key(scope, endpoint)] = deployment
        _CHANGED.notify_all()
        return old


def deactivate(scope: Scope, endpoint: str) -> Deployment | None:
    """No more traffic; what served until now."""
    with _CHANGED:
        return ACTIVE.pop(key(scope, endpoint), None)


def active(scope: Scope, endpoint: str) -> Deployment | None:
    """What serves an endpoint; after a restart of the emulator this waits for its servers."""
    deployment = ACTIVE.get(key(scope, endpoint))
    if deployment is None and is_restarting(scope, endpoint):
        with _CHANGED:
            _CHANGED.wait_for(lambda: not is_restarting(scope, endpoint), RESTART_SECONDS)
        deployment = ACTIVE.get(key(scope, endpoint))
    return deployment


def is_restarting(scope: Scope, endpoint: str) -> bool:
    """Whether the endpoint was in service when the emulator ended, and is not yet again."""
    found = scope.store.endpoints.get(endpoint)
    restarting = found is not None and found.status == "SystemUpdating"
    return restarting and key(scope, endpoint) not in ACTIVE


def launch(scope: Scope, endpoint: str, variants: list[Variant]) -> Deployment:
    """Start all servers and wait until each answers its ping.

    Raises:
        DeploymentError: one does not; the others are stopped again.
    """
    deployment = Deployment([])
    try:
        for variant in variants:
            recorder = recorder_of(scope, endpoint, variant)
            serving = ServingVariant(variant, Fleet([]), [], [], recorder)
            deployment.serving.append(serving)
            prepare(scope, endpoint, serving)
        start_all(deployment)
    except DeploymentError:
        deployment.end()
        raise
    return deployment


def recorder_of(scope: Scope, endpoint: str, variant: Variant) -> Recorder | None:
    """Who captures the variant's inferences, where its configuration asks for that."""
    rule = Rule.of(variant.capture)
    return Recorder(scope.client("s3"), rule, endpoint, variant.name) if rule else None


def start_all(deployment: Deployment) -> None:
    """Start every variant's fleet, all at once."""

    def start(serving: ServingVariant) -> bool:
        return serving.fleet.start(serving.variant.ping_seconds)

    with ThreadPoolExecutor(max(1, len(deployment.serving))) as pool:
        for serving, ready in zip(
            deployment.serving, pool.map(start, deployment.serving), strict=True
        ):
            if not ready:
                raise DeploymentError(
                    "The primary container for production variant"
                    f" {serving.variant.name} did not pass the ping health check. Please check"
                    " CloudWatch logs for this endpoint."
                )


def prepare(scope: Scope, endpoint: str, serving: ServingVariant) -> None:
    """Folders with the model in them, and how to start its servers."""
    variant = serving.variant
    one = models.container(variant.model)
    image = find_image(one["Image"], variant.name)
    specs = []
    for instance in variant.instances:
        folder = ContainerFolder(
            folders.endpoint_folder(scope.account, scope.region, endpoint, instance)
        )
        stream = f"{variant.name}/{instance}"
        log = LogStream(scope.account, scope.region, f"{LOG_GROUP}/{endpoint}", stream)
        serving.folders.append(folder)
        serving.logs.append(log)
        if not folder.is_complete:
            fill(scope, folder, one)
            folder.complete()
        specs.append(server_spec(scope, folder, one, image, f"{endpoint}-{instance}", log))
    serving.fleet = Fleet(specs)


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
