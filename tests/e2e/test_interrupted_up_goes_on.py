"""Whatever is killed, and whenever: `up` typed again ends complete, with no event lost or twice."""

import random

from tests.e2e import cloud
from tests.e2e.laptop import Laptop
from tests.e2e.truth import Truth
from tests.waiting import wait_until

DAYS = 10
SEED = 2013
END_SECONDS = 120


def test_killed_command_and_killed_emulator_lose_nothing(fresh_laptop):
    truth = Truth.of(DAYS)
    events = truth.event_ids
    moments = random.Random(SEED)
    first = moments.randrange(1, len(events) // 4)
    second = moments.randrange(len(events) // 2, len(events) * 9 // 10)

    up = begin(fresh_laptop)
    wait_until(f"{first} events in the stream", lambda: cloud.sent(fresh_laptop) >= first)
    up.kill()
    up.wait(END_SECONDS)
    assert cloud.sent(fresh_laptop) < len(events), "the command was through before it was killed"

    kill_emulator_when(
        fresh_laptop, f"{second} events in the lake", lambda: cloud.stored(fresh_laptop) >= second
    )
    kill_emulator_when(
        fresh_laptop, "a Glue job that writes its log", lambda: spark_speaks(fresh_laptop)
    )
    fresh_laptop.tell(DAYS)

    assert cloud.raw_ids(fresh_laptop) == events
    assert set(cloud.set_aside(fresh_laptop).values()) == {0}
    late = {row["flight_id"]: row["late"] for row in cloud.processed(fresh_laptop)}
    assert late == truth.late
    done, killed = cloud.job_runs(fresh_laptop)
    assert (done["JobRunState"], killed["JobRunState"]) == ("SUCCEEDED", "FAILED")
    assert cloud.sql(fresh_laptop, "SELECT COUNT(*) FROM fact_flights") == [[len(truth.flights)]]


def begin(laptop: Laptop):
    return laptop.begin("pipeline", "up", "--days", str(DAYS))


def spark_speaks(laptop: Laptop) -> bool:
    """Spark takes some seconds to begin, and by then the start of the run is on disk."""
    runs = cloud.job_runs(laptop)
    return bool(runs) and cloud.log(laptop, "/aws-glue/jobs/error", runs[0]["Id"]) != ""


def kill_emulator_when(laptop: Laptop, what: str, ready) -> None:
    """Kill it under a running `up`, which must end with a sentence; then start it again."""
    up = begin(laptop)
    wait_until(what, ready)
    laptop.kill_emulator()
    assert up.wait(END_SECONDS) == 1, f"`up` of whom the emulator was killed at {what}"
    assert "Traceback" not in laptop.said()
    laptop.up()
