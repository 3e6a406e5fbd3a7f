"""S3 beside its peers: small and large objects, uploads in parts, long lists."""

import io
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from benchmarks.peers import MINISTACK, MOTO, TERRARIUM
from benchmarks.raw_client import Connection, s3
from benchmarks.report import Figures, show
from benchmarks.runs import asked_repeats, measured

BUCKET = "benchmark"
KIB, MIB = 1024, 1024 * 1024
PART = 8 * MIB
KEYS = 10_000


def milliseconds(call: Callable[[int], object], times: int) -> float:
    """The median of so many calls, in ms."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def measure(port: int) -> Figures:
    """Every row."""
    connection = Connection(port)
    connection.call(s3("PUT", f"/{BUCKET}"))
    small, large = os.urandom(KIB), os.urandom(MIB)

    def call(method: str, key: str, body: bytes = b"") -> bytes:
        return connection.call(s3(method, f"/{BUCKET}/{key}", body))

    return {
        "put 1 KB, p50 ms": milliseconds(lambda n: call("PUT", f"k{n % 100}", small), 300),
        "get 1 KB, p50 ms": milliseconds(lambda n: call("GET", f"k{n % 100}"), 300),
        "head 1 KB, p50 ms": milliseconds(lambda n: call("HEAD", f"k{n % 100}"), 300),
        "put 1 MB, p50 ms": milliseconds(lambda _: call("PUT", "large", large), 40),
        "get 1 MB, p50 ms": milliseconds(lambda _: call("GET", "large"), 40),
        "put 1 KB, 4 clients, objects/s": writers(port, small),
        **with_boto(port),
    }


def writers(port: int, body: bytes) -> float:
    """Objects a second of four clients; the objects are those that are listed then."""

    def write(client: int) -> None:
        connection = Connection(port)
        for number in range(KEYS // 4):
            connection.call(s3("PUT", f"/{BUCKET}/list/{client}/{number:05d}", body))

    started = time.perf_counter()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    return KEYS / (time.perf_counter() - started)


def with_boto(port: int) -> Figures:
    """What people do with boto3: lists by the page, files in parts."""
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    content = os.urandom(64 * MIB)
    parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    return {
        "list 10,000 keys, s": milliseconds(lambda _: list_all(client), 3) / 1000,
        "64 MB in parts, 4 threads, s": milliseconds(
            lambda _: client.upload_fileobj(io.BytesIO(content), BUCKET, "parts", Config=parts), 3
        )
        / 1000,
        "get 64 MB, s": milliseconds(
            lambda _: client.get_object(Bucket=BUCKET, Key="parts")["Body"].read(), 3
        )
        / 1000,
    }


def list_all(client: Any) -> None:
    """Read a long list to its end."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="list/")
    count = sum(len(page["Contents"]) for page in pages)
    if count != KEYS:
        raise ValueError(f"{count} keys are listed, {KEYS} were written")


def main() -> None:
    """Measure all peers."""
    peers = (TERRARIUM, MINISTACK, MOTO)
    show("S3", measured(peers, asked_repeats(__doc__), measure))


if __name__ == "__main__":
    main()
