"""The stream job settles flights as the Glue job has them, and goes on after a kill -9."""

import gzip
import json
from datetime import timedelta

import pytest

from pipeline.contracts.stream_features import NEWEST_KEY, STREAMED, instant
from tests.e2e import cloud
from tests.waiting import wait_until

DAYS, MORE_DAYS = 10, 12
LATE = timedelta(days=7)
SECONDS = 600


def attempts(laptop) -> list[str]:
    """States of the attempts of the job's one run, the newest first."""
    emr = laptop.aws("emr-serverless")
    (application,) = emr.list_applications()["applications"]
    (run,) = emr.list_job_runs(applicationId=application["id"])["jobRuns"]
    told = emr.list_job_run_attempts(applicationId=application["id"], jobRunId=run["id"])
    return [attempt["state"] for attempt in told["jobRunAttempts"]]


def read(laptop, key: str) -> bytes:
    return gzip.decompress(cloud.body(laptop, cloud.LAKE, key))


def lines(laptop) -> dict[str, dict]:
    """What is settled, by flight."""
    keys = cloud.objects(laptop, cloud.LAKE, "features/flights/")
    found = [json.loads(line) for key in keys for line in read(laptop, key).splitlines()]
    assert len({line["flight_id"] for line in found}) == len(found)
    return {line["flight_id"]: line for line in found}


def due(laptop, rows: list[dict]) -> set[str]:
    """The flights whose score time is a week before the newest event or earlier."""
    newest = max(json.loads(line)["event_time"] for line in cloud.raw_lines(laptop))
    until = (instant(newest) - LATE).replace(tzinfo=None)
    return {row["flight_id"] for row in rows if row["score_time"] <= until}


def settled(laptop, rows: list[dict]) -> dict[str, dict]:
    """What is settled when the job has read all there is."""
    wanted = due(laptop, rows)
    assert wanted
    wait_until(f"{len(wanted)} settled flights", lambda: len(lines(laptop)) >= len(wanted), SECONDS)
    found = lines(laptop)
    assert set(found) == wanted
    return found


def streamed(of: dict) -> dict:
    return {name: of[name] for name in STREAMED}


def test_settled_flights_are_those_of_the_glue_job(told):
    rows = cloud.processed(told.laptop)
    table = {row["flight_id"]: row for row in rows}
    for flight, line in settled(told.laptop, rows).items():
        assert streamed(line) == pytest.approx(streamed(table[flight]), abs=0, nan_ok=True), flight
    newest = json.loads(read(told.laptop, NEWEST_KEY))
    assert newest["values"]["origin"].keys() == {"EWR", "JFK", "LGA"}
    status = " ".join(told.laptop.run("pipeline", "status").split())
    assert "stream job terrarium-features" in status
    assert attempts(told.laptop)[0] == "RUNNING"


def test_job_goes_on_where_a_killed_emulator_left_it(fresh_laptop):
    said = " ".join(fresh_laptop.tell(DAYS).split())
    assert "stream: running" in said
    # Before there was any line, so nothing of this is the stream job's.
    table = {row["flight_id"]: row for row in cloud.processed(fresh_laptop)}
    before = cloud.objects(fresh_laptop, cloud.LAKE, "checkpoints/stream-features/commits/")
    fresh_laptop.kill_emulator()
    fresh_laptop.up()
    again = ["RUNNING", "FAILED"]
    wait_until("another attempt", lambda: attempts(fresh_laptop) == again, SECONDS)
    fresh_laptop.tell(MORE_DAYS)
    assert attempts(fresh_laptop) == again

    rows = cloud.processed(fresh_laptop)
    found = settled(fresh_laptop, rows)
    compared = found.keys() & table.keys()
    assert len(compared) > len(due(fresh_laptop, list(table.values()))) / 2
    for flight in compared:
        assert streamed(found[flight]) == streamed(table[flight]), flight
    # Batches are numbered on: it did not begin anew.
    after = cloud.objects(fresh_laptop, cloud.LAKE, "checkpoints/stream-features/commits/")
    assert after.keys() - before.keys()
    assert before.items() <= after.items()
