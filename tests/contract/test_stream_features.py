"""The stream job against a real stream: killed in the middle, with a shard split under it, fed with
late, repeated and broken events - and equal to the Glue job for every flight.
"""

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from itertools import batched
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.contracts import events, features, stream_features
from pipeline.producers import tables
from pipeline.producers.timeline import timeline
from spark_jobs import build_flight_features as job
from spark_jobs import requests
from tests.contract.small_spark import small_spark
from tests.waiting import wait_until

pytestmark = pytest.mark.filterwarnings(
    # py4j leaves its sockets to the collector.
    "ignore:.*unclosed <socket:ResourceWarning",
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
)

ROOT = Path(__file__).parents[2]
JARS = ROOT / ".venv" / "runtimes" / "glue-jars"
LATE_HOURS = 6
MINUTES = 15
S3A = "spark.hadoop.fs.s3a"


class Job:
    """The script as `spark-submit` would run it, in a process group of its own."""

    def __init__(self, folder: Path, endpoint_url: str, stream: str, bucket: str) -> None:
        self.folder = folder
        self.log = folder / "job.log"
        # Alone in its folder, as on EMR: `spark_jobs/` itself is on no path.
        self.script = Path(shutil.copy(ROOT / "spark_jobs" / "stream_features.py", folder))
        self.arguments = ["--stream", stream, "--lake_bucket", bucket]
        conf = {
            "spark.driver.extraClassPath": f"{JARS}/*",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
            "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
            f"{S3A}.endpoint": endpoint_url,
            f"{S3A}.endpoint.region": "us-east-1",
            f"{S3A}.path.style.access": "true",
            f"{S3A}.access.key": "test",
            f"{S3A}.secret.key": "test",
        }
        given = " ".join(f"--conf '{name}={value}'" for name, value in conf.items())
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_SUBMIT_ARGS": f"--master local[2] {given} pyspark-shell",
            "SPARK_LOCAL_IP": "127.0.0.1",
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self, *more: str) -> subprocess.Popen:
        options = ["--late_minutes", str(LATE_HOURS * 60), "--trigger_seconds", "0"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, self.script, *self.arguments, *options, *more],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def has_done(self, batch: int) -> bool:
        return f"batch {batch}:" in self.log.read_text()


def disordered(told):
    """Events up to some hours late, some of them twice."""
    chance = random.Random(7)
    keyed = []
    for event in told:
        at = datetime.fromisoformat(event["event_time"]).timestamp()
        for _ in range(2 if chance.random() < 0.05 else 1):
            late = chance.random() < 0.2
            keyed.append(
                (at + late * chance.uniform(0, 0.9 * LATE_HOURS * 3600), len(keyed), event)
            )
    return [event for _, _, event in sorted(keyed)]


def broken(event):
    """What the contract refuses, of an event that it takes."""
    yield b"no event"
    yield b"\xff\xfe"
    yield events.encode({**event, "schema_version": 2, "dep_delay": 600})
    yield events.encode({**event, "arr_delay": 600})
    yield events.encode({**event, "dep_delay": "600"})
    yield events.encode({**event, "event_id": "another#departed", "dep_delay": 600})
    yield events.encode({**event, "event_time": "2013-01-09T00:00:00+01:00"})
    yield events.encode({name: value for name, value in event.items() if name != "carrier"})


def put(aws, stream, payloads):
    for some in batched(payloads, 500, strict=False):
        records = [{"Data": data, "PartitionKey": str(hash(data))} for data in some]
        assert (
            aws("kinesis").put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0
        )


def split(aws, waiting, stream):
    kinesis = aws("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]
    first, last = (int(number) for number in shard["HashKeyRange"].values())
    kinesis.split_shard(
        StreamName=stream,
        ShardToSplit=shard["ShardId"],
        NewStartingHashKey=str((first + last) // 2),
    )
    summary = kinesis.describe_stream_summary
    active = {"StreamStatus": "ACTIVE", "OpenShardCount": 3}
    waiting(
        "three shards",
        lambda: active.items() <= summary(StreamName=stream)["StreamDescriptionSummary"].items(),
    )


@pytest.fixture(scope="module")
def told():
    return list(timeline(tables.days(2)))


@pytest.fixture(scope="module")
def lake(told, tmp_path_factory):
    """The lake of the same events, as a folder."""
    folder = tmp_path_factory.mktemp("lake")
    for event in told:
        path = folder / events.raw_key(event)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as lines:
            lines.write(events.encode(event) + b"\n")
    text, whole = pa.string(), pa.int64()
    planes = {"tailnum": text, "year": whole, "manufacturer": text, "model": text, "seats": whole}
    for name, columns in {"planes": planes, "airports": {"faa": text, "name": text}}.items():
        (folder / "dimensions" / name).mkdir(parents=True)
        pq.write_table(pa.schema(columns).empty_table(), folder / "dimensions" / name / "0.parquet")
    return folder


@pytest.fixture(scope="module")
def streamed(aws, endpoint_url, waiting, told, lake, tmp_path_factory):
    """What the job has written, by its key, and the job."""
    name = f"stream-features-{os.getpid()}"
    aws("s3").create_bucket(Bucket=name)
    aws("kinesis").create_stream(StreamName=name, ShardCount=2)
    stream = aws("kinesis").describe_stream_summary
    waiting(
        "the stream",
        lambda: stream(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE",
    )
    arriving = [events.encode(event) for event in disordered(told)]
    half = len(arriving) // 2
    departed = next(event for event in told if event["event_type"] == events.DEPARTED)
    put(aws, name, [*arriving[:half], *broken(departed)])
    script = Job(tmp_path_factory.mktemp("job"), endpoint_url, name, name)
    killed = script.start("--records_per_shard", "700")
    wait_until(f"a batch, see {script.log}", lambda: script.has_done(0), MINUTES * 60)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    split(aws, waiting, name)
    put(aws, name, arriving[half:])
    finished = script.start("--records_per_shard", "3000", "--until_idle")
    assert finished.wait(MINUTES * 60) == 0, script.log.read_text()[-3000:]
    yield objects(aws("s3"), name), script
    aws("kinesis").delete_stream(StreamName=name)


def objects(s3, bucket):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


@pytest.fixture(scope="module")
def lines(streamed):
    found = [
        json.loads(line)
        for key, content in streamed[0].items()
        if key.startswith(stream_features.FLIGHTS_PREFIX)
        for line in gzip.decompress(content).splitlines()
    ]
    assert len({line["flight_id"] for line in found}) == len(found)
    return {line["flight_id"]: line for line in found}


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    session = small_spark(tmp_path_factory.mktemp("warehouse"), cores=2)
    yield session
    session.stop()


def processed(spark, lake, settled):
    """The Glue job's table, as lines, by flight."""
    root = f"file://{lake}"
    sources = job.extract(spark, f"{root}/raw/", f"{root}/dimensions/", settled)
    table = job.transform(sources).select(*requests.told())
    rows = [row.asDict() for row in table.collect()]
    return {row["flight_id"]: {**row, "flight_date": str(row["flight_date"])} for row in rows}


@pytest.fixture(scope="module")
def batch(spark, lake):
    """From events alone: nothing is settled there."""
    return processed(spark, lake, f"file://{lake}/nothing/")


def test_every_settled_flight_is_equal_to_the_batch(lines, batch, told):
    settled = datetime.fromisoformat(told[-1]["event_time"]).timestamp() - LATE_HOURS * 3600
    due = {
        name
        for name, line in batch.items()
        if datetime.fromisoformat(line["score_time"]).timestamp() <= settled
    }
    assert lines.keys() == due
    assert len(due) > 1500
    different = {
        (name, column): (lines[name][column], batch[name][column])
        for name in due
        for column in stream_features.LINE
        if lines[name][column] != batch[name][column]
    }
    assert different == {}


def test_features_are_known_of_most_flights(lines):
    known = [line for line in lines.values() if line["line_mean_delay_6h"] is not None]
    assert len(known) > len(lines) / 2
    assert {tuple(line) for line in lines.values()} == {stream_features.LINE}


def test_newest_is_of_the_newest_event(streamed, told):
    content = json.loads(gzip.decompress(streamed[0][stream_features.NEWEST_KEY]))
    newest = stream_features.Newest.from_json(content)
    assert newest.as_of == told[-1]["event_time"]
    assert set(newest.values["origin"]) == {"EWR", "JFK", "LGA"}
    names = {feature.name for feature in features.ROLLING if feature.by == ("origin", "carrier")}
    assert all(values.keys() == names for values in newest.values["origin,carrier"].values())


def test_killed_job_was_killed_in_the_middle(streamed):
    log = streamed[1].log.read_text()
    numbers = [
        int(line.split("batch ")[1].split(":")[0])
        for line in log.splitlines()
        if "events, " in line
    ]
    assert sorted(set(numbers)) == list(range(max(numbers) + 1))
    assert len(numbers) >= 3


def test_memory_of_old_batches_is_deleted(streamed):
    prefix = f"{stream_features.CHECKPOINT_PREFIX}known/"
    kept = {key.removeprefix(prefix).split("/")[0] for key in streamed[0] if key.startswith(prefix)}
    assert len(kept) == 2


def test_training_reads_what_the_stream_has_settled(streamed, spark, lake, batch, lines):
    changed = {name: {**line, "origin_mean_delay_2h": 1234.5} for name, line in lines.items()}
    some = dict(list(changed.items())[:100])
    folder = lake / "features" / "flights" / "date=2013-01-01"
    folder.mkdir(parents=True)
    text = "".join(f"{json.dumps(line)}\n" for line in some.values())
    (folder / "flights.json.gz").write_bytes(gzip.compress(text.encode()))
    table = processed(spark, lake, f"file://{lake}/{stream_features.FLIGHTS_PREFIX}")
    assert table == {**batch, **{name: changed[name] for name in some}}
