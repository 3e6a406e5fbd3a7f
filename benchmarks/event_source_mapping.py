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
from collections.abc import Callable
from contextlib import contextmanager
from statistics import quantiles
from typing import Any
from urllib.request import Request, urlopen

import psutil

from benchmarks.peers import MINISTACK, TERRARIUM, Peer
from benchmarks.raw_client import CREDENTIAL, SIGNED, Connection, kinesis
from benchmarks.report import Figures, show

PORT = 14567
STREAM = "benchmark"
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


def create_function(listener: Listener) -> None:
    """The function, ready to be called."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", HANDLER)
    content = {
        "FunctionName": "f",
        "Runtime": "python3.13",
        "Handler": "main.handler",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Timeout": 60,
        "MemorySize": 512,
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()},
        "Environment": {"Variables": {"LISTENER": str(listener.port)}},
    }
    control("/2015-03-31/functions", content)
    while control("/2015-03-31/functions/f", {})["Configuration"]["State"] != "Active":
        time.sleep(0.05)


def create_mapping(batch_size: int) -> None:
    """The mapping, from the stream's beginning."""
    content = {
        "FunctionName": "f",
        "EventSourceArn": f"arn:aws:kinesis:us-east-1:000000000000:stream/{STREAM}",
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": batch_size,
    }
    control("/2015-03-31/event-source-mappings/", content)


@contextmanager
def prepared(shards: int) -> Any:
    """A stream and a function: the listener, and a connection to the stream."""
    listener = Listener()
    try:
        connection = Connection(PORT)
        connection.call(kinesis("CreateStream", {"StreamName": STREAM, "ShardCount": shards}))
        asked = kinesis("DescribeStreamSummary", {"StreamName": STREAM})
        while b"ACTIVE" not in connection.call(asked):
            time.sleep(0.05)
        create_function(listener)
        yield listener, connection
    finally:
        listener.close()


def put(connection: Connection, count: int, first: int) -> None:
    """Records of one size that tell when they were sent."""
    text = json.dumps({"sent": time.time(), "filling": ""})
    data = base64.b64encode(f'{text[:-2]}{"x" * (RECORD_BYTES - len(text))}"}}'.encode()).decode()
    records = [{"Data": data, "PartitionKey": str(first + place)} for place in range(count)]
    connection.call(kinesis("PutRecords", {"StreamName": STREAM, "Records": records}))


def fill(connection: Connection, count: int) -> None:
    """Many records, as fast as they are taken."""
    for first in range(0, count, BATCH):
        put(connection, BATCH, first)


def steady(seconds: float) -> Figures:
    """Latency at a steady rate, after one event that starts everything."""
    with prepared(1) as (listener, connection):
        create_mapping(100)
        put(connection, 1, 0)
        listener.wait(1)
        listener.heard.clear()
        ticks = int(seconds / TICK_SECONDS)
        each = int(RATE * TICK_SECONDS)
        began = time.monotonic()
        for tick in range(ticks):
            time.sleep(max(0.0, began + tick * TICK_SECONDS - time.monotonic()))
            put(connection, each, tick)
        listener.wait(1 + ticks * each)
        cuts = quantiles(listener.latencies_ms(), n=100)
    return {f"{RATE:,} events/s, p50 ms": cuts[49], f"{RATE:,} events/s, p99 ms": cuts[98]}


def flood(batch_size: int, count: int) -> Figures:
    """A filled shard, drained."""
    with prepared(1) as (listener, connection):
        fill(connection, count)
        create_mapping(batch_size)
        listener.wait(count)
        return {f"flood, batches of {batch_size:,}, records/s": listener.rate()}


def year(pid: int, count: int) -> Figures:
    """As many events as the year has, sent while they are processed."""
    with prepared(4) as (listener, connection):
        before = memory_mb(pid)
        create_mapping(1000)
        began = time.monotonic()
        fill(connection, count)
        sent = time.monotonic() - began
        listener.wait(count)
        taken = time.monotonic() - began
        return {
            f"{count:,} events: sent in s": sent,
            f"{count:,} events: processed in s": taken,
            f"{count:,} events: memory grown by MB": memory_mb(pid) - before,
        }


def memory_mb(pid: int) -> float:
    """What the emulator itself holds."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


def runs(peer: Peer, repeats: int, *measured: Callable[[int], Figures]) -> list[Figures]:
    """A peer's figures; each measurement has an emulator of its own."""
    found: list[Figures] = []
    for measure in measured * repeats:
        with peer.running(PORT) as pid:
            found.append(measure(pid))
    return found


def main() -> None:
    """Measure both side by side, then the year of ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="of the steady rate")
    parser.add_argument("--flood", type=int, default=20_000, help="records of a flood")
    parser.add_argument("--year", type=int, default=1_000_000, help="events of the year")
    given = parser.parse_args()
    rows = (
        lambda _: steady(given.seconds),
        lambda _: flood(100, given.flood),
        lambda _: flood(1000, given.flood),
    )
    peers = (TERRARIUM, MINISTACK)
    show("Kinesis to Lambda", {peer.name: runs(peer, given.repeats, *rows) for peer in peers})
    if given.year:
        title = f"A year: {given.year:,} events, 4 shards"
        show(title, {TERRARIUM.name: runs(TERRARIUM, 1, lambda pid: year(pid, given.year))})


if __name__ == "__main__":
    main()
