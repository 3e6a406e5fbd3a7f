"""Lambda beside the one peer that runs functions without containers: creation, cold and warm
invocations, many at once; and what the executor alone takes, with no gateway before it.
"""

import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.peers import MINISTACK, TERRARIUM
from benchmarks.raw_client import Connection, request
from benchmarks.report import OURS, Figures, show
from benchmarks.runs import asked_repeats, measured
from emulation.compute import lambda_languages
from emulation.compute.lambda_isolation import ISOLATIONS
from emulation.compute.lambda_runtime import Environment, FunctionSpec, Request
from emulation.compute.processes import SUPERVISOR

ECHO = "def handler(event, context):\n    return event\n"
PRINTING = "def handler(event, context):\n    print('flight', event)\n    return event\n"
EVENT = b'{"flight": "UA1545", "delay": 12}'
COLD, WARM, MANY, CLIENTS = 7, 300, 1000, 8
POLL_SECONDS = 0.005


def measure(port: int) -> Figures:
    """Every row of one emulator."""
    client = boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    names = [f"cold-{number}" for number in range(COLD)]
    active = [seconds(partial(create, client, name, ECHO)) for name in names]
    cold = [seconds(partial(invoke, client, name)) for name in names]
    create(client, "printing", PRINTING)
    connection = Connection(port)
    boto = timed(lambda: invoke(client, names[0]))
    raw = timed(lambda: connection.call(invocation(names[0])))
    printing = timed(lambda: connection.call(invocation("printing")))
    return {
        "create to Active, ms": median(active) * 1000,
        "cold invoke, boto3, ms": median(cold) * 1000,
        "warm invoke, boto3, p50 ms": median(boto),
        "warm invoke, boto3, p99 ms": percentile_99(boto),
        "warm invoke, raw client, p50 ms": median(raw),
        "warm invoke, raw client, p99 ms": percentile_99(raw),
        "warm invoke that prints, p50 ms": median(printing),
        f"{MANY:,} invokes, {CLIENTS} clients, invokes/s": many(port, names[0]),
    }


def create(client: Any, name: str, code: str) -> None:
    """Create a function and wait until it is active."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", code)
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handler",
        Role="arn:aws:iam::000000000000:role/lambda",
        Code={"ZipFile": packed.getvalue()},
    )
    while client.get_function_configuration(FunctionName=name)["State"] != "Active":
        time.sleep(POLL_SECONDS)


def invoke(client: Any, name: str) -> None:
    """Invoke through boto3, and look at the answer."""
    answer = client.invoke(FunctionName=name, Payload=EVENT)
    if answer.get("FunctionError") or b"UA1545" not in answer["Payload"].read():
        raise OSError(f"{name} did not echo")


def invocation(name: str) -> bytes:
    """The request of an invocation."""
    path = f"/2015-03-31/functions/{name}/invocations"
    return request("POST", path, "lambda", EVENT, "Content-Type: application/json")


def many(port: int, name: str) -> float:
    """Invocations a second of several clients; the environments are there before."""

    def call(connection: Connection) -> None:
        for _ in range(MANY // CLIENTS):
            connection.call(invocation(name))

    connections = [Connection(port) for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(lambda each: each.call(invocation(name)), connections))
        return MANY / seconds(lambda: list(threads.map(call, connections)))


def alone() -> Figures:
    """An environment without LocalStack: its start, and its invocations."""
    isolation = ISOLATIONS.of(SUPERVISOR)
    with tempfile.TemporaryDirectory() as name:
        code = Path(name)
        (code / "main.py").write_text(ECHO)
        environments = [
            Environment(specification(code, number), isolation, SUPERVISOR, lambda _: None)
            for number in range(COLD)
        ]
        starts = [seconds(environment.start) for environment in environments]
        call = Request("request", EVENT, "arn", "Root=1")
        warm = timed(lambda: environments[0].invoke(call))
        for environment in environments:
            environment.stop()
    return {
        "start of an environment, ms": median(starts) * 1000,
        "warm invoke, p50 ms": median(warm),
        "warm invoke, p99 ms": percentile_99(warm),
    }


def specification(code: Path, number: int) -> FunctionSpec:
    """What an environment needs at least."""
    return FunctionSpec(
        name="alone",
        version="$LATEST",
        handler="main.handler",
        language=lambda_languages.find("python3.13"),
        code=code,
        layers=None,
        environment={"PATH": "/usr/bin:/bin"},
        memory_mb=128,
        storage_mb=512,
        timeout_seconds=3,
        folder=code.with_name(f"{code.name}-{number}"),
    )


def seconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def timed(call: Callable[[], object]) -> list[float]:
    """How long each of many calls takes, in ms; the first, which warms, is not among them."""
    call()
    return [seconds(call) * 1000 for _ in range(WARM)]


def percentile_99(values: list[float]) -> float:
    """What one of a hundred exceeds."""
    return quantiles(values, n=100)[98]


def main() -> None:
    """Measure and show."""
    repeats = asked_repeats(__doc__)
    show("Lambda", measured([TERRARIUM, MINISTACK], repeats, measure))
    show("The executor alone", {OURS: [alone() for _ in range(repeats)]})
    SUPERVISOR.stop_all()


if __name__ == "__main__":
    main()
