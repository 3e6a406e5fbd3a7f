"""A prediction by each way in to a pipeline that runs: the endpoint itself, the API's load balancer
and task before it, API Gateway before all of that. The endpoint is the baseline, in the same run.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from statistics import median, quantiles
from typing import Any

import boto3
from rich.console import Console
from rich.table import Table

from benchmarks.raw_client import Connection
from benchmarks.raw_client import request as signed

NAME = "terrarium"
FLIGHT = {
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "scheduled_departure": "2013-03-15T17:15:00",
}
ASKED, MANY, CLIENTS = 200, 400, 8
ENDPOINT = "endpoint"
LIVE = "load balancer, task, no prediction"
Way = tuple[int, bytes]
"""A port, and what is sent there."""


class Gateway:
    """The stage, with a key of its own: the first key's plan allows 50 requests a second."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        stacks = client("cloudformation").describe_stacks()["Stacks"]
        told = {
            item["OutputKey"]: item["OutputValue"] for s in stacks for item in s.get("Outputs", ())
        }
        self.api, self.stage = told["ApiId"], told["ApiStage"]
        self._client = client("apigateway")

    def __enter__(self) -> str:
        stage = {"apiId": self.api, "stage": self.stage}
        self._plan = self._client.create_usage_plan(name="benchmark", apiStages=[stage])["id"]
        self._key = self._client.create_api_key(name="benchmark", enabled=True)
        self._client.create_usage_plan_key(
            usagePlanId=self._plan, keyId=self._key["id"], keyType="API_KEY"
        )
        return str(self._key["value"])

    def __exit__(self, *_: object) -> None:
        self._client.delete_api_key(apiKey=self._key["id"])
        removed = {"op": "remove", "path": "/apiStages", "value": f"{self.api}:{self.stage}"}
        self._client.update_usage_plan(usagePlanId=self._plan, patchOperations=[removed])
        self._client.delete_usage_plan(usagePlanId=self._plan)


def clients(port: int) -> Callable[[str], Any]:
    """Clients of the emulator on a port."""
    session: Any = boto3.session.Session("test", "test", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=f"http://127.0.0.1:{port}")


def plain(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """A request without a signature."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{named}Content-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def ways(port: int, page: int, gateway: Gateway, key: str) -> dict[str, Way]:
    """The same flight by every way; the endpoint is sent the features that the API makes of it."""
    flight = json.dumps(FLIGHT).encode()
    kind = "application/json"
    predict = plain("POST", "/v1/predict", flight, Content_Type=kind)
    Connection(page).call(predict)
    asked = json.loads(Connection(page).call(plain("GET", "/predictions")))[0]["features"]
    instances = json.dumps({"instances": [asked]}).encode()
    invoke = f"/endpoints/{NAME}/invocations"
    staged = f"/_aws/execute-api/{gateway.api}/{gateway.stage}/v1/predict"
    return {
        ENDPOINT: (port, signed("POST", invoke, "sagemaker", instances, f"Content-Type: {kind}")),
        "load balancer, task, endpoint": (page, predict),
        "API Gateway, load balancer, task, endpoint": (
            port,
            plain("POST", staged, flight, Content_Type=kind, X_Api_Key=key),
        ),
        LIVE: (page, plain("GET", "/v1/health/live")),
    }


def latencies(way: Way) -> list[float]:
    """How long each of some requests takes, in ms, one after the other; the first ones warm."""
    connection = Connection(way[0])
    for _ in range(5):
        connection.call(way[1])
    found = []
    for _ in range(ASKED):
        began = time.perf_counter()
        connection.call(way[1])
        found.append((time.perf_counter() - began) * 1000)
    return found


def rate(way: Way) -> float:
    """Requests a second of several clients."""

    def ask(numbers: tuple[int, ...]) -> None:
        connection = Connection(way[0])
        for _ in numbers:
            connection.call(way[1])

    with ThreadPoolExecutor(CLIENTS) as threads:
        began = time.perf_counter()
        list(threads.map(ask, batched(range(MANY), MANY // CLIENTS, strict=True)))
        return MANY / (time.perf_counter() - began)


def measured(asked: Mapping[str, Way], repeats: int) -> dict[str, list[tuple[float, float, float]]]:
    """p50, p99 and rate of each way, in turns, so that a noisy minute falls on all of them."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in asked}
    for _ in range(repeats):
        for name, way in asked.items():
            cuts = quantiles(latencies(way), n=100)
            found[name].append((cuts[49], cuts[98], rate(way)))
    return found


def table(found: Mapping[str, list[tuple[float, float, float]]]) -> Table:
    """Medians, and what they are of the endpoint's."""
    drawn = Table(title=f"A prediction, {CLIENTS} clients for the rate")
    columns = ("", "p50 ms", "p99 ms", "requests/s", "p50 of the endpoint's", "rate of its")
    for column in columns:
        drawn.add_column(column, justify="left" if column == "" else "right")
    medians = {
        name: [median(run) for run in zip(*runs, strict=True)] for name, runs in found.items()
    }
    base = medians[ENDPOINT]
    for name, (p50, p99, rate_) in medians.items():
        against = (f"{p50 / base[0]:.1f} x", f"{rate_ / base[2]:.2f} x")
        drawn.add_row(name, f"{p50:.1f}", f"{p99:.1f}", f"{rate_:.0f}", *against)
    return drawn


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="the emulator's port")
    parser.add_argument("--page", type=int, default=8000, help="the port of the API's page")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each way")
    options = parser.parse_args()
    gateway = Gateway(clients(options.port))
    with gateway as key:
        found = measured(ways(options.port, options.page, gateway, key), options.repeats)
    Console(width=160).print(table(found))


if __name__ == "__main__":
    main()
