"""Where to look once everything runs, and what to try next: each command works as it is pasted."""

import ipaddress
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import aws
from pipeline.orchestration import dashboards
from pipeline.orchestration.confirm import account
from pipeline.orchestration.display import console
from pipeline.orchestration.run import Run

FLIGHT = (
    '{"carrier": "UA", "flight": 1545, "origin": "EWR", "dest": "IAH",'
    ' "scheduled_departure": "2013-03-15T17:15:00"}'
)
QUESTION = "select carrier_name, flights, on_time_percent from mart_carrier_month order by 3"


def show_addresses(run: Run) -> None:
    """Where to look, and what to try next."""
    console.print()
    for name, address in addresses(run).items():
        console.print(f"{name:<12}{address}", soft_wrap=True, markup=False)
    console.print("\ntry next:")
    for command in commands(run):
        console.print(f"  {command}", soft_wrap=True, markup=False)


def addresses(run: Run) -> dict[str, str]:
    """What can be opened or called, by the name that people know it by."""
    page, drawn = page_url(run), dashboards.address(run)
    return {
        "page": page,
        "API": f"{gateway_url(run)}  (with a key)",
        "API docs": f"{page}/docs",
        **({"dashboards": drawn} if drawn else {}),
        "MLflow": run.settings.mlflow_tracking_uri or "not configured",
        "AWS": aws.endpoint_url() or f"account {account()}, {aws.region()}",
    }


def page_url(run: Run) -> str:
    """The page's address: the one of the settings, else the load balancer's own."""
    return run.settings.api_url or run.output("UpstreamUrl")


def gateway_url(run: Run) -> str:
    """The API as API Gateway offers it; an endpoint that stands in for AWS has such names too."""
    endpoint = aws.endpoint_url()
    if endpoint is None:
        return run.output("ApiUrl")
    host = f"{run.output('ApiId')}.execute-api.{_place(endpoint)}"
    return f"{urlsplit(endpoint).scheme}://{host}/{run.output('ApiStage')}"


def _place(endpoint: str) -> str:
    """Host and port of an endpoint; a name can stand before names, and not before a number."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        return parts.netloc
    return parts.netloc.replace(host, "localhost") if loopback else parts.netloc


def commands(run: Run) -> Iterator[str]:
    """A prediction with the key that the stack has made, the lake, and the warehouse."""
    key = aws_command(
        "apigateway get-api-key --include-value --query value --output text --api-key",
        run.output("ApiKeyId"),
    )
    yield (
        f'curl -s {gateway_url(run)}/v1/predict -H "x-api-key: $({key})"'
        f" -H 'content-type: application/json' -d '{FLIGHT}'"
    )
    yield aws_command("s3 ls", f"{run.output('LakeBucket')}/processed/flights/")
    where = f"AWS_ENDPOINT={aws.endpoint_url()} " if aws.endpoint_url() else ""
    yield f"{where}{program('python')} -m pipeline query {shlex.quote(QUESTION)}"


def aws_command(asked: str, of: str) -> str:
    """A command of AWS's own program; a named endpoint asks for a signature, whoever signs."""
    where, region = aws.endpoint_url(), f"--region {aws.region()}"
    if where is None:
        return f"{program('aws')} {region} {asked} {of}"
    signed = "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
    return f"{signed} {program('aws')} --endpoint-url {where} {region} {asked} {of}"


def program(name: str) -> str:
    """A program of this environment, as it can be typed from here."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        return name
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
