"""Kinesis beside its peers: writing, reading, and what a filled stream costs.

A peer that is slow is measured for so many seconds and no longer; the rows of a million records
held are ours alone, since nobody else gets there.
"""

import base64
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from typing import Any

from benchmarks.peers import KINESALITE, KINESIS_LOCAL, MINISTACK, MOTO, TERRARIUM
from benchmarks.raw_client import Connection, kinesis
from benchmarks.report import Figures, show
from benchmarks.runs import asked_repeats, measured

SHARDS = 4
SECONDS = 5.0
BATCH = 500
STREAM = "benchmark"


def batch(tag: object) -> bytes:
    """A PutRecords of 500 records of 500 bytes."""
    data = base64.b64encode(b"x" * 500).decode()
    records = [{"Data": data, "PartitionKey": f"{tag}-{number}"} for number in range(BATCH)]
    return kinesis("PutRecords", {"StreamName": STREAM, "Records": records})


def timed(call: Callable[[], object], seconds: float, most: int) -> list[float]:
    """How long each call takes, in ms."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < most and (started := time.perf_counter()) < end:
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def write(port: int, tag: int, seconds: float, records: int, results: Any) -> None:
    """One client that writes batches; what it has written in which time."""
    connection = Connection(port)
    ready = batch(tag)
    started = time.perf_counter()
    calls = timed(lambda: connection.call(ready), seconds, records // BATCH)
    results.put((len(calls) * BATCH, started, time.perf_counter()))


def writers(port: int, clients: int, seconds: float, records: int = 10**9) -> float:
    """Records a second of several clients together."""
    results: Any = multiprocessing.Queue()
    started = [
        multiprocessing.Process(
            target=write, args=(port, tag, seconds, records // clients, results)
        )
        for tag in range(clients)
    ]
    for process in started:
        process.start()
    found = [results.get() for _ in started]
    for process in started:
        process.join()
    counts, begins, ends = zip(*found, strict=True)
    rate: float = sum(counts) / (max(ends) - min(begins))
    return rate


def batches(connection: Connection, seconds: float) -> Iterator[tuple[int, float]]:
    """Records and seconds of each GetRecords, shard after shard."""
    for shard in range(SHARDS):
        asked = {
            "StreamName": STREAM,
            "ShardId": f"shardId-{shard:012d}",
            "ShardIteratorType": "TRIM_HORIZON",
        }
        iterator = json.loads(connection.call(kinesis("GetShardIterator", asked)))["ShardIterator"]
        count, end = 1, time.perf_counter() + seconds / SHARDS
        while count and time.perf_counter() < end:
            started = time.perf_counter()
            body = connection.call(kinesis("GetRecords", {"ShardIterator": iterator}))
            taken = time.perf_counter() - started
            answer = json.loads(body)
            iterator, count = answer["NextShardIterator"], len(answer["Records"])
            yield count, taken


def read(port: int) -> float:
    """Records a second of one reader, its parsing left out; a small stream is read again."""
    connection, found = Connection(port), []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        found += [pair for pair in batches(connection, SECONDS) if pair[0]]
    return sum(count for count, _ in found) / sum(taken for _, taken in found)


def measure(port: int) -> Figures:
    """Every row but those of a filled stream."""
    connection = Connection(port)
    # The first request of a service loads it.
    create(connection, "first")
    created = create(connection, STREAM)
    data = base64.b64encode(b"x" * 1024).decode()
    one = kinesis("PutRecord", {"StreamName": STREAM, "Data": data, "PartitionKey": "key"})
    connection.call(one)
    singles = timed(lambda: connection.call(one), SECONDS, 2000)
    return {
        "CreateStream to ACTIVE, ms": created,
        "PutRecord 1 KB, p50 ms": median(singles),
        "PutRecord 1 KB, p99 ms": quantiles(singles, n=100)[98],
        "PutRecords, 1 client, records/s": writers(port, 1, SECONDS, 100_000),
        "PutRecords, 4 clients, records/s": writers(port, 4, SECONDS),
        "GetRecords, 1 client, records/s": read(port),
    }


def create(connection: Connection, name: str) -> float:
    """Create a stream; how long it takes until it is active, in ms."""
    started = time.perf_counter()
    connection.call(kinesis("CreateStream", {"StreamName": name, "ShardCount": SHARDS}))
    status = ""
    while status != "ACTIVE":
        asked = kinesis("DescribeStreamSummary", {"StreamName": name})
        status = json.loads(connection.call(asked))["StreamDescriptionSummary"]["StreamStatus"]
    return (time.perf_counter() - started) * 1000


def measure_filled(port: int) -> Figures:
    """The same figures at ten thousand and at a million records held."""
    create(Connection(port), STREAM)
    figures: dict[str, float] = {}
    for held in (10_000, 1_000_000):
        writers(port, 2, 3600, held)
        figures[f"{held:,} held: PutRecords, records/s"] = writers(port, 1, SECONDS, 100_000)
        figures[f"{held:,} held: GetRecords, records/s"] = read(port)
    return figures


def main() -> None:
    """Measure all peers, then ours when it is filled."""
    repeats = asked_repeats(__doc__)
    peers = (TERRARIUM, MINISTACK, KINESALITE, MOTO, KINESIS_LOCAL)
    show("Kinesis", measured(peers, repeats, measure))
    show("A filled stream", measured([TERRARIUM], repeats, measure_filled))


if __name__ == "__main__":
    main()
