"""The coverage table of `emulation/README.md`: `python -m emulation.coverage` writes it anew.

A test compares the page with this answer, so it cannot say what the code does not do.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session

from emulation.plugins import load
from emulation.settings import SERVICES

PROVIDERS = {
    "application-autoscaling": (
        "emulation.services.application_autoscaling.provider:ApplicationAutoScalingProvider"
    ),
    "autoscaling": "emulation.services.autoscaling.provider:AutoScalingProvider",
    "cloudwatch": "emulation.services.cloudwatch.provider:CloudWatchProvider",
    "codepipeline": "emulation.services.codepipeline.provider:CodePipelineProvider",
    "codebuild": "emulation.services.codebuild.provider:CodeBuildProvider",
    "dynamodb": "emulation.services.dynamodb.provider:DynamoDbProvider",
    "dynamodbstreams": "emulation.services.dynamodb.provider:DynamoDbStreamsProvider",
    "elbv2": "emulation.services.elbv2.provider:Elbv2Provider",
    "ecs": "emulation.services.ecs.provider:EcsProvider",
    "glacier": "emulation.services.glacier.provider:GlacierProvider",
    "emr": "emulation.services.emr.provider:EmrProvider",
    "emr-serverless": "emulation.services.emr_serverless.provider:EmrServerlessProvider",
    "ecr": "emulation.services.ecr.provider:EcrProvider",
    "glue": "emulation.services.glue.provider:GlueProvider",
    "kinesis": "emulation.services.kinesis.provider:KinesisProvider",
    "logs": "emulation.services.logs.provider:LogsProvider",
    "quicksight": "emulation.services.quicksight.provider:QuickSightProvider",
    "redshift": "emulation.services.redshift.provider:RedshiftProvider",
    "redshift-data": "emulation.services.redshift_data.provider:RedshiftDataProvider",
    "redshift-serverless": (
        "emulation.services.redshift_serverless.provider:RedshiftServerlessProvider"
    ),
    "scheduler": "emulation.services.scheduler.provider:SchedulerProvider",
    "sagemaker": "emulation.services.sagemaker.provider:SageMakerProvider",
    "sagemaker-runtime": "emulation.services.sagemaker_runtime.provider:SageMakerRuntimeProvider",
}
"""The services that are wholly ours."""

PAGE = Path(__file__).with_name("README.md")
START, END = "<!-- coverage -->", "<!-- /coverage -->"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one service answers."""

    service: str
    operations: list[str]
    known: int
    """How many operations botocore's model of the service lists."""


def coverage(service: str) -> Coverage:
    """What a service of ours answers; every other operation is refused by name."""
    model = botocore.session.get_session().get_service_model(service)
    written = written_operations(load(PROVIDERS[service]))
    return Coverage(
        service, sorted(written & set(model.operation_names)), len(model.operation_names)
    )


def written_operations(provider: type[Any]) -> set[str]:
    """The operations that a provider class has a method for."""
    members = (getattr(provider, name) for name in dir(provider))
    return {member.operation for member in members if hasattr(member, "operation")}


def table() -> str:
    """The table, in Markdown."""
    rows = [
        f"| {found.service} | {len(found.operations)} of {found.known} | {listed(found)} |"
        for found in map(coverage, sorted(PROVIDERS))
    ]
    head = [
        "| Service | Operations | Which; all others answer 501 with their name |",
        "|---|---|---|",
    ]
    theirs = ", ".join(service for service in SERVICES if service not in PROVIDERS)
    tail = f"\nLocalStack's own, made strict: {theirs}. No other service answers."
    return "\n".join([*head, *rows, tail])


def listed(found: Coverage) -> str:
    """The operations as one cell."""
    return ", ".join(found.operations) or "none: refused"


def page_with(text: str) -> str:
    """The page with a table in the place of its own."""
    before, rest = PAGE.read_text().split(START)
    return f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` say whether it is up to date."""
    page = page_with(table())
    if arguments == ["--check"]:
        return int(page != PAGE.read_text())
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
