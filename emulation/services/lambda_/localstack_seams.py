"""Where LocalStack's Lambda has no seam and differs from AWS, or would do the executor's work a
second time: each place, patched while it runs.
"""

import shutil
from pathlib import Path
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.skeleton import Skeleton
from localstack.services.lambda_.invocation import lambda_service
from localstack.services.lambda_.invocation.lambda_models import S3Code
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.logs import LogHandler
from localstack.services.lambda_.provider import LambdaProvider
from localstack.utils.patch import patch

from emulation.services.lambda_ import (
    alias_seams,
    errors,
    invocation_resources,
    mapping_seams,
    request_checks,
    resources,
    supported,
)
from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES
from emulation.services.lambda_.code_folders import CODE_FOLDERS
from emulation.services.lambda_.event_attempts import EventManager
from emulation.services.lambda_.versions import VersionManager
from emulation.settings import settings

PAYLOAD_LIMITS = {"RequestResponse": MAX_PAYLOAD_BYTES, "Event": 1_048_576}


def apply() -> None:
    """Patch the running service; called once, when the executor is first loaded.

    No environment outlives its emulator, but the folder of one may, when the emulator was killed.
    """
    for made_again in ("environments", "layers"):
        shutil.rmtree(settings().folder("lambda", made_again))
    lambda_service.LambdaVersionManager = VersionManager
    lambda_service.LambdaEventManager = EventManager
    patch(S3Code.get_unzipped_code_location)(unpack_below_the_state_folder)
    patch(S3Code.destroy_cached)(keep_what_is_used)
    patch(LogHandler.start_subscriber)(start_nothing)
    patch(Skeleton.dispatch_request)(check_the_request)
    patch(LambdaProvider._validate_runtime)(refuse_what_cannot_run)
    patch(LambdaProvider._validate_destination_config)(take_buckets_too)
    patch(LambdaService.invoke)(bound_the_payload)
    alias_seams.apply()
    mapping_seams.apply()
    resources.apply()
    invocation_resources.apply()


def unpack_below_the_state_folder(_: object, code: S3Code) -> Path:
    """Not below /tmp, where nothing ever removes it."""
    return settings().folder("lambda", "code", code.id) / "code"


def keep_what_is_used(_: object, code: S3Code) -> None:
    """An invocation that runs while its function is updated may still import a module."""
    CODE_FOLDERS.remove(code.get_unzipped_code_location())


def start_nothing(*_: object, **__: object) -> None:
    """The environment itself writes the log, while the handler runs."""


def check_the_request(
    dispatch: Any, skeleton: Skeleton, serializer: Any, context: RequestContext, request: Any
) -> Any:
    """The provider's own methods are bound before anything here is loaded."""
    if skeleton.service.service_name == "lambda" and context.operation is not None:
        request_checks.check(context.operation, request)
        alias_seams.before(context, request)
    return dispatch(skeleton, serializer, context, request)


def take_buckets_too(
    validate: Any, provider: LambdaProvider, store: Any, name: str, destinations: Any
) -> None:
    """Failures may go to S3, which LocalStack does not know yet."""
    on_failure = (destinations.get("OnFailure") or {}).get("Destination") or ""
    if on_failure.split(":")[2:3] == ["s3"]:
        destinations = {**destinations, "OnFailure": {}}
    validate(provider, store, name, destinations)


def refuse_what_cannot_run(
    validate: Any, provider: LambdaProvider, package_type: str, runtime: str | None
) -> None:
    """A name that AWS does not know is AWS's error; what AWS knows and we cannot run is refused."""
    validate(provider, package_type, runtime)
    supported.check(package_type, runtime)


def bound_the_payload(invoke: Any, service: LambdaService, *arguments: Any, **given: Any) -> Any:
    """LocalStack takes a payload of any size."""
    kind = given.get("invocation_type") or "RequestResponse"
    size = len(given.get("payload") or b"")
    if size > PAYLOAD_LIMITS.get(kind, size):
        raise errors.payload_too_large(size, kind, PAYLOAD_LIMITS[kind])
    return invoke(service, *arguments, **given)
