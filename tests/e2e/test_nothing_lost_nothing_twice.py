"""Handler, emulator and producer are killed -9 at moments that a seed chooses, events are sent
twice, the stream is cut into other shards and so are the batches: the lake holds each event once.

The moments are amounts of events in the stream, so a slow machine is killed as often as a fast one.
"""

import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
import pytest

from tests.e2e import cloud
from tests.e2e.laptop import Laptop
from tests.e2e.truth import Truth
from tests.e2e.watch import AsideWatch, StreamWatch
from tests.waiting import wait_until

SEEDS = (7, 11, 2013)
FUNCTION = f"{cloud.NAME}-ingest-events"
SPEED = "60000"
TWICE = 100
POISON = (b'{"event_id"', b"\xff\xfe", b"[]", b"x" * 900 * 1024)


@pytest.fixture(scope="module")
def laptop(module_laptop):
    module_laptop.run("pipeline", "deploy")
    return module_laptop


class Round:
    """One more day told, under one seed."""

    def __init__(self, laptop: Laptop, seed: int, day: int) -> None:
        self.laptop = laptop
        self.dice = random.Random(seed)
        self.truth = Truth.of(day)
        self.watch = StreamWatch(laptop)
        self.began = self.watch.poll()
        self.told = [f"seed {seed}"]
        self._command = ("pipeline", "produce", "--days", str(day), "--speed", SPEED)
        self._producer: subprocess.Popen[bytes] | None = None

    def play(self) -> None:
        """Tell the day with everything that happens on it."""
        day_before = self.truth.days - 1
        new = len(self.truth.event_ids) - (len(Truth.of(day_before).event_ids) if day_before else 0)
        self._produce()
        happenings = self._happenings()
        moments = sorted(self.dice.sample(range(1, new * 9 // 10), len(happenings)))
        for moment, happening in zip(moments, happenings, strict=True):
            wait_until(f"{moment} new events", lambda m=moment: self._sent() >= m)
            happening()
            self.told.append(f"at {moment}: {happening.__name__}")
        wait_until("the producer to end", self._told_all)

    def _happenings(self) -> list[Callable[[], None]]:
        kills = [self.kill_handler, self.kill_handler, self.kill_producer, self.kill_emulator]
        others = [self.send_twice, self.reshard, self.cut_batches, self.send_poison]
        return self.dice.sample(kills + others, len(kills + others))

    def kill_handler(self) -> None:
        """While there is work for it."""
        self.send_twice()
        victims = wait_until("a process of the function", self._handlers)
        for process in victims:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def kill_producer(self) -> None:
        assert self._producer
        self._producer.kill()
        self._producer.wait()
        self._produce()

    def kill_emulator(self) -> None:
        self.laptop.kill_emulator()
        self.laptop.begin_up()

    def send_twice(self) -> None:
        events = [data for data in self.watch.data if data.startswith(b'{"event_id":')]
        self.watch.put(self.dice.sample(events, min(TWICE, len(events))))

    def send_poison(self) -> None:
        self.watch.put(list(POISON))

    def reshard(self) -> None:
        self.watch.split(self.dice)

    def cut_batches(self) -> None:
        """Other batches, and several of a shard at the same time."""
        change_mapping(
            self.laptop,
            BatchSize=self.dice.randrange(50, 500),
            MaximumBatchingWindowInSeconds=0,
            ParallelizationFactor=self.dice.randrange(1, 5),
        )

    def _produce(self) -> None:
        self._producer = self.laptop.begin(*self._command)

    def _sent(self) -> int:
        self._told_all()
        return self.watch.poll() - self.began

    def _told_all(self) -> bool:
        """Whether the producer is through; one that lost its emulator begins again."""
        assert self._producer
        code = self._producer.poll()
        if code:
            self._produce()
        return code == 0

    def _handlers(self) -> list[psutil.Process]:
        self._told_all()
        found = []
        for process in self.laptop.processes():
            with suppress(psutil.Error):
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == FUNCTION:
                    found.append(process)
        return found


def change_mapping(laptop: Laptop, **changes: Any) -> None:
    functions = laptop.aws("lambda")
    listed = functions.list_event_source_mappings(FunctionName=FUNCTION)["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=listed[0]["UUID"], **changes)


def write_to(laptop: Laptop, bucket: str) -> None:
    """Have the function write to that bucket."""
    functions = laptop.aws("lambda")
    there = functions.get_function_configuration(FunctionName=FUNCTION)["Environment"]["Variables"]
    functions.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": there | {"LAKE_BUCKET": bucket}}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)


def given_up(laptop: Laptop) -> int:
    """How many records are in batches that were given up."""
    keys = cloud.objects(laptop, cloud.LAKE, "aws/lambda/")
    told = [json.loads(cloud.body(laptop, cloud.LAKE, key)) for key in keys]
    return sum(item["KinesisBatchInfo"]["batchSize"] for item in told)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_nothing_is_there_twice(laptop, seed):
    story, aside = Round(laptop, seed, day=SEEDS.index(seed) + 1), AsideWatch(laptop)
    before = aside.payloads()
    story.play()
    fences = Counter(story.watch.put_fence(f"fence {seed}"))
    wait_until(
        f"every shard to be read to its end; {story.told}", lambda: fences <= aside.payloads()
    )

    expected, there = Counter(story.truth.event_ids), Counter(cloud.raw_ids(laptop))
    assert sorted((expected - there).elements())[:5] == [], f"lost; {story.told}"
    assert sorted((there - expected).elements())[:5] == [], f"twice; {story.told}"
    assert (aside.payloads() - before - fences).total() == len(POISON), f"poison; {story.told}"
    assert cloud.objects(laptop, cloud.LAKE, "aws/lambda/") == {}, f"given up; {story.told}"
    story.watch.poll()
    assert max(story.watch.events().values()) > 1, "nothing was sent twice"


def test_batches_that_were_given_up_are_sent_again(laptop):
    before, truth = Counter(cloud.raw_ids(laptop)), Truth.of(len(SEEDS) + 1)
    missing = Counter(truth.event_ids) - before
    change_mapping(laptop, MaximumRetryAttempts=0, BisectBatchOnFunctionError=False)
    write_to(laptop, "a-bucket-that-nobody-has")
    laptop.run("pipeline", "produce", "--days", str(truth.days))
    wait_until("every batch to be given up", lambda: given_up(laptop) >= missing.total())
    assert Counter(cloud.raw_ids(laptop)) == before

    change_mapping(laptop, MaximumRetryAttempts=-1)
    write_to(laptop, cloud.LAKE)
    again = ("pipeline", "poison", "redrive", "--reason", "RetryAttemptsExhausted")
    assert "0 stay" in laptop.run(*again)
    wait_until("the lake to be complete", lambda: cloud.raw_ids(laptop) == truth.event_ids)
    assert cloud.objects(laptop, cloud.LAKE, "aws/lambda/") == {}
