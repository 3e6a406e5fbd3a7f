"""Kinesis to Lambda beside MiniStack, the only peer that runs functions without Docker: how long an
event takes at a steady thousand a second, how fast a flood is drained, and a year's million events.

The function tells the benchmark over a socket what it was handed and when, so nothing of either
emulator is measured but the way of the event.
"""

import argparse
import base64
import io
import json
import socketserver
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any
from urllib.request import Request, urlopen

import psutil

from benchmarks.peers import MINISTACK, TERRARIUM
from benchmarks.raw_client import CREDENTIAL, SIGNED, Connection, kinesis
from benchmarks.report import Figures, show
from benchmarks.runs import PORT, measured

RATE = 1000
TICK_SECONDS = 0.01
RECORD_BYTES = 300
BATCH = 500
STALL_SECONDS = 120.0

HANDLER = """
import base64, json, os, socket, time
told = socket.create_connection(("127.0.0.1", int(os.environ["LISTENER"])))
def handler(event, context):
    now = time.time()
    sent = [json.loads(base64.b64decode(r["kinesis"]["data"]))["sent"] for r in event["Records"]]
    told.sendall(json.dumps([now, sent]).encode() + b"\\n")
"""


class Listener:
    """Hears what the function was handed: when, and when each record had been sent."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, list[float]]] = []
        self.count = 0
        listener = self

        class Told(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    now, sent = json.loads(line)
                    listener.heard.append((now, sent))
                    listener.count += len(sent)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Told)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self, count: int) -> None:
        """Wait for so many records; a mapping that stands still is an error."""
        seen, since = self.count, time.monotonic()
        while self.count < count:
            time.sleep(0.01)
            if self.count > seen:
                seen, since = self.count, time.monotonic()
            if time.monotonic() - since > STALL_SECONDS:
                raise RuntimeError(f"stalled at {self.count} of {count} records")

    def latencies_ms(self) -> list[float]:
        """From sending a record to the start of its invocation."""
        return [(now - sent) * 1000 for now, all_sent in self.heard for sent in all_sent]

    def rate(self) -> float:
        """Records a second, of all but the first batch, whose function had to be started."""
        first, last = self.heard[0], self.heard[-1]
        return (self.count - len(first[1])) / (last[0] - first[0])

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


def control(path: str, content: dict[str, Any]) -> dict[str, Any]:
    """A request of Lambda's API; without content, a GET."""
    request = Request(
        f"http://127.0.0.1:{PORT}{path}",
        json.dumps(content).encode() if content else None,
        {
            "Authorization": f"{CREDENTIAL.format('lambda')}, {SIGNED}",
            "Content-Type": "application/json",
        },
    )
    with urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def create_function(name: str, listener: Listener) -> None:
    """The function, ready to be called."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", HANDLER)
    content = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "main.handler",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Timeout": 60,
        "MemorySize": 512,
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
        "Environment": {"Variables": {"LISTENER": str(listener.port)}},
    }
    control("/2015-03-31/functions", content)
    while control(f"/2015-03-31/functions/{name}", {})["Configuration"]["State"] != "Active":
        time.sleep(0.05)


class Bench:
    """A stream and a function of one name."""

    def __init__(self, name: str, shards: int) -> None:
        self._name = name
        self.listener = Listener()
        self._connection = Connection(PORT)
        self._connection.call(kinesis("CreateStream", {"StreamName": name, "ShardCount": shards}))
        asked = kinesis("DescribeStreamSummary", {"StreamName": name})
        while b"ACTIVE" not in self._connection.call(asked):
            time.sleep(0.05)
        create_function(name, self.listener)

    def map(self, batch_size: int) -> None:
        """The mapping, from the stream's beginning."""
        content = {
            "FunctionName": self._name,
            "EventSourceArn": f"arn:aws:kinesis:us-east-1:000000000000:stream/{self._name}",
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": batch_size,
        }
        control("/2015-03-31/event-source-mappings/", content)

    def put(self, count: int, first: int) -> None:
        """Records of one size that tell when they were sent."""
        text = json.dumps({"sent": time.time(), "filling": ""})
        text = f'{text[:-2]}{"x" * (RECORD_BYTES - len(text))}"}}'
        data = base64.b64encode(text.encode()).decode()
        records = [{"Data": data, "PartitionKey": str(first + place)} for place in range(count)]
        self._connection.call(kinesis("PutRecords", {"StreamName": self._name, "Records": records}))

    def fill(self, count: int) -> None:
        """Many records, as fast as they are taken."""
        for first in range(0, count, BATCH):
            self.put(BATCH, first)


@contextmanager
def bench(name: str, shards: int) -> Iterator[Bench]:
    """What is measured with; the listener ends with it."""
    made = Bench(name, shards)
    try:
        yield made
    finally:
        made.listener.close()


def steady(seconds: float) -> Figures:
    """Latency at a steady rate, after one event that starts everything."""
    with bench("steady", 1) as made:
        made.map(100)
        made.put(1, 0)
        made.listener.wait(1)
        made.listener.heard.clear()
        ticks, each = int(seconds / TICK_SECONDS), int(RATE * TICK_SECONDS)
        began = time.monotonic()
        for tick in range(ticks):
            time.sleep(max(0.0, began + tick * TICK_SECONDS - time.monotonic()))
            made.put(each, tick)
        made.listener.wait(1 + ticks * each)
        cuts = quantiles(made.listener.latencies_ms(), n=100)
    return {f"{RATE:,} events/s, p50 ms": cuts[49], f"{RATE:,} events/s, p99 ms": cuts[98]}


def flood(batch_size: int, count: int) -> Figures:
    """A filled shard, drained."""
    with bench(f"flood-{batch_size}", 1) as made:
        made.fill(count)
        made.map(batch_size)
        made.listener.wait(count)
        return {f"flood, batches of {batch_size:,}, records/s": made.listener.rate()}


def year(count: int) -> Figures:
    """As many events as the year has, sent while they are processed."""
    with TERRARIUM.running(PORT) as pid, bench("year", 4) as made:
        made.put(1, 0)
        made.map(1000)
        made.listener.wait(1)
        before = memory_mb(pid)
        began = time.monotonic()
        made.fill(count)
        sent = time.monotonic() - began
        made.listener.wait(1 + count)
        return {
            "sent, in s": sent,
            "processed, in s": time.monotonic() - began,
            "memory grown, in MB": memory_mb(pid) - before,
        }


def memory_mb(pid: int) -> float:
    """What the emulator itself holds."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def main() -> None:
    """Measure both side by side, then the year of ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each peer")
    parser.add_argument("--seconds", type=float, default=10.0, help="of the steady rate")
    parser.add_argument("--flood", type=int, default=20_000, help="records of a flood")
    parser.add_argument("--year", type=int, default=1_000_000, help="events of the year")
    given = parser.parse_args()

    def measure(_: int) -> Figures:
        return {
            **steady(given.seconds),
            **flood(100, given.flood),
            **flood(1000, given.flood),
        }

    peers = (TERRARIUM, MINISTACK)
    show("Kinesis to Lambda", measured(peers, given.repeats, measure))
    if given.year:
        show(f"A year: {given.year:,} events", {TERRARIUM.name: [year(given.year)]})


if __name__ == "__main__":
    main()
