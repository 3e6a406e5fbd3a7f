"""The emulator's settings: one typed class, read from `EMULATION_*` environment variables."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class EmulationSettings(BaseSettings):
    """Where the emulator listens, what it keeps and what its work may use."""

    model_config = SettingsConfigDict(env_prefix="EMULATION_")

    host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    port: int = Field(4566, description="Port that the gateway listens on.")
    state_folder: Path = Field(
        Path(".terrarium"), description="Folder of everything that survives a restart."
    )
    log_level: str = Field("warning", description="Level of the gateway's own log.")
    spark_memory: str = Field("2g", description="Heap of one Spark driver, as the JVM writes it.")
    warehouse_memory: str = Field(
        "1GB", description="Memory of the warehouse, as DuckDB writes it."
    )
    stop_seconds: float = Field(10.0, description="Wait between TERM and KILL of a child process.")
    builds: int = Field(4, description="CodeBuild builds that run at a time; others are queued.")
    clock_ahead: str = Field(
        "0d", description="How far the clock of S3's and Glacier's ages is ahead, such as `90d`."
    )
    archive_speed: float = Field(
        3600.0,
        gt=0,
        description="How much faster than AWS archives are retrieved; 3600: an hour is a second.",
    )

    limits: bool = Field(
        False, description="Whether Kinesis's shards let through in a second what AWS's do."
    )

    @property
    def endpoint_url(self) -> str:
        """The address that child processes reach the gateway at."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host
        return f"http://{host}:{self.port}"

    def folder(self, *parts: str) -> Path:
        """A folder below the state folder, made when it is missing."""
        path = self.state_folder.resolve().joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path


@cache
def settings() -> EmulationSettings:
    """This process's settings, read once."""
    return EmulationSettings()


def system_environment() -> Mapping[str, str]:
    """What a child may inherit from the machine: programs, language, home; never our AWS_*."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "JAVA_HOME", "SSL_CERT_FILE", "USER")
    return {name: os.environ[name] for name in kept if name in os.environ}


def registry_environment() -> Mapping[str, str]:
    """A build's way to package registries, where the machine has one of its own."""
    kept = (
        "NODE_EXTRA_CA_CERTS",
        "NPM_CONFIG_REGISTRY",
        "PIP_CERT",
        "PIP_EXTRA_INDEX_URL",
        "PIP_INDEX_URL",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_DIR",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}


def uv_cache() -> Path:
    """Where uv keeps packages on this machine; builds share it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("UV_CACHE_DIR") or Path(base) / "uv")


def gateway_environment(options: EmulationSettings) -> Mapping[str, str]:
    """The LocalStack settings that these options mean; it reads them when first imported."""
    return {
        "GATEWAY_LISTEN": f"{options.host}:{options.port}",
        "GATEWAY_SERVER": "terrarium",
        # Names in answers that need no name server, unlike localstack.cloud's.
        "LOCALSTACK_HOST": f"localhost:{options.port}",
        "SQS_ENDPOINT_STRATEGY": "path",
        # Even inside a container: its own folders there would be shared by all emulators.
        "OVERRIDE_IN_DOCKER": "0",
        "PERSISTENCE": "1",
        "FILESYSTEM_ROOT": str(options.folder("gateway")),
        "LS_LOG": options.log_level,
        # An emulator that works with no internet asks nothing of it.
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "SERVICES": ",".join(SERVICES),
        "STRICT_SERVICE_LOADING": "1",
        # A type that nobody computes fails its stack, where LocalStack's default reports success.
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        # An endpoint bakes for up to two hours, and its stack waits; LocalStack: 300 seconds.
        "CFN_PER_RESOURCE_TIMEOUT": "28800",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        # Mappings of queues: a second after each batch, and ten when idle, if not told otherwise.
        "LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC": "0.1",
        "LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC": "1",
        **{name: os.environ.get(name, "terrarium") for name in OWN_PROVIDERS},
    }


OWN_PROVIDERS = (
    "PROVIDER_OVERRIDE_APIGATEWAY",
    "PROVIDER_OVERRIDE_CLOUDWATCH",
    "PROVIDER_OVERRIDE_DYNAMODB",
    "PROVIDER_OVERRIDE_DYNAMODBSTREAMS",
    "PROVIDER_OVERRIDE_EC2",
    "PROVIDER_OVERRIDE_EVENTS",
    "PROVIDER_OVERRIDE_KINESIS",
    "PROVIDER_OVERRIDE_LOGS",
    "PROVIDER_OVERRIDE_REDSHIFT",
    "PROVIDER_OVERRIDE_S3",
    "PROVIDER_OVERRIDE_SCHEDULER",
)
"""Where LocalStack has a provider of its own and ours is chosen, unless the user says otherwise."""

SERVICES = (
    "apigateway",
    "application-autoscaling",
    "autoscaling",
    "cloudformation",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "dynamodb",
    "dynamodbstreams",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "emr",
    "emr-serverless",
    "events",
    "firehose",
    "glacier",
    "glue",
    "iam",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "quicksight",
    "redshift",
    "redshift-data",
    "redshift-serverless",
    "resource-groups",
    "resourcegroupstaggingapi",
    "s3",
    "s3control",
    "sagemaker",
    "sagemaker-runtime",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""The services that answer; LocalStack knows more, whose answers nobody here has checked."""
