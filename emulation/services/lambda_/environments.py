"""Making an execution environment of a function's version: its specification, its variables as
Lambda documents them, its log.
"""

import functools
import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime

from localstack import config as localstack_config
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.lambda_models import (
    FunctionVersion,
    InitializationType,
)

from emulation.compute import lambda_languages
from emulation.compute.lambda_isolation import ISOLATIONS
from emulation.compute.lambda_pool import OnEnd
from emulation.compute.lambda_runtime import (
    INIT_SECONDS,
    PROVISIONED_INIT_SECONDS,
    Environment,
    FunctionSpec,
)
from emulation.compute.processes import SUPERVISOR
from emulation.services.lambda_.code_folders import CODE_FOLDERS
from emulation.services.lambda_.layers import merged_layers
from emulation.services.log_events import LogStream
from emulation.settings import settings, system_environment

INHERITED = ("PATH", "SSL_CERT_FILE")
"""The rest of the machine's environment stays outside."""

CREDENTIAL_SECONDS = 43_200


def make(version: FunctionVersion, provisioned: bool, on_end: OnEnd) -> Environment:
    """One environment, not started yet."""
    number = secrets.token_hex(16)
    group, stream = log_names(version, number)
    log = LogStream(version.id.account, version.id.region, group, stream)
    variables = {
        **constants(version, provisioned),
        "AWS_LAMBDA_LOG_GROUP_NAME": group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        **credentials(version),
        **(version.config.environment or {}),
    }
    spec = specification(version, variables, number, provisioned)
    CODE_FOLDERS.use(spec.code)
    return Environment(
        spec,
        ISOLATIONS.of(SUPERVISOR),
        SUPERVISOR,
        log,
        on_end=on_end,
        on_stopped=functools.partial(_stopped, spec, log),
    )


def _stopped(spec: FunctionSpec, log: LogStream) -> None:
    log.close()
    CODE_FOLDERS.release(spec.code)


def specification(
    version: FunctionVersion, variables: Mapping[str, str], number: str, provisioned: bool
) -> FunctionSpec:
    """What the environment runs and may use."""
    config = version.config
    timeout = int(config.timeout)
    patience = max(PROVISIONED_INIT_SECONDS, timeout) if provisioned else INIT_SECONDS
    return FunctionSpec(
        name=version.id.function_name,
        version=version.id.qualifier,
        handler=variables["_HANDLER"],
        language=lambda_languages.find(config.runtime),
        code=config.code.get_unzipped_code_location(),
        layers=merged_layers(version),
        environment=variables,
        memory_mb=int(config.memory_size),
        storage_mb=int(config.ephemeral_storage.size),
        timeout_seconds=timeout,
        folder=settings().folder("lambda", "environments", number),
        init_seconds=patience,
    )


def constants(version: FunctionVersion, provisioned: bool) -> dict[str, str]:
    """What all environments of a version have in common."""
    config, identity = version.config, version.id
    kind = InitializationType.provisioned_concurrency if provisioned else "on-demand"
    machine = system_environment()
    variables = {
        **{name: machine[name] for name in INHERITED if name in machine},
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "_HANDLER": config.handler or "",
        "AWS_DEFAULT_REGION": identity.region,
        "AWS_REGION": identity.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": identity.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": identity.qualifier,
        "AWS_LAMBDA_INITIALIZATION_TYPE": str(kind),
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        **logging_variables(version),
    }
    if not localstack_config.LAMBDA_DISABLE_AWS_ENDPOINT_URL:
        variables["AWS_ENDPOINT_URL"] = settings().endpoint_url
    return variables


def logging_variables(version: FunctionVersion) -> dict[str, str]:
    """The runtime client formats the function's own messages."""
    logging = version.config.logging_config
    if logging.get("LogFormat") != "JSON":
        return {}
    return {
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel", "INFO"),
    }


def log_names(version: FunctionVersion, number: str) -> tuple[str, str]:
    """Log group and stream. In a group that several functions may share, the stream's name has the
    function's.
    """
    identity = version.id
    today: date = datetime.now(UTC).date()
    default = f"/aws/lambda/{identity.function_name}"
    group = version.config.logging_config.get("LogGroup") or default
    owner = "" if group == default else identity.function_name
    return group, f"{today:%Y/%m/%d}/{owner}[{identity.qualifier}]{number}"


def credentials(version: FunctionVersion) -> dict[str, str]:
    """Those of the function's role."""
    name = version.id.function_name
    sts = connect_to(region_name=version.id.region).sts
    given = sts.request_metadata(service_principal="lambda").assume_role(
        RoleArn=version.config.role,
        # A session's name has two characters at least, a function's one.
        RoleSessionName=name if len(name) > 1 else f"{name}@lambda_function",
        DurationSeconds=CREDENTIAL_SECONDS,
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
