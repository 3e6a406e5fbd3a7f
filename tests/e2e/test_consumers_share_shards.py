"""Two instances share the stream's shards; one dies in the middle of its work, as a machine dies.
Every planned flight has exactly one prediction, and the group has two instances again.
"""

import json
import random
from contextlib import suppress

import psutil
import pytest

from tests.e2e import cloud
from tests.e2e.laptop import Laptop
from tests.e2e.truth import Truth
from tests.waiting import wait_until

SEED = 20130101
DAYS, MORE_DAYS = 2, 8
SPEED = "30000"
TABLE = f"{cloud.NAME}-consumer-leases"
INSTANCES = "ec2/000000000000/us-east-1"
SECONDS = 300


def predictions(laptop: Laptop) -> list[dict]:
    """Every line that the workers have written."""
    return [
        json.loads(line)
        for key in cloud.objects(laptop, cloud.LAKE, "predictions/")
        for line in cloud.body(laptop, cloud.LAKE, key).splitlines()
    ]


def readers(laptop: Laptop) -> list[str]:
    """The instances that read a shard, one a shard."""
    items = laptop.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return [item["leaseOwner"]["S"].partition(":")[0] for item in items if "leaseOwner" in item]


def in_service(laptop: Laptop) -> set[str]:
    """The instances of the group that run."""
    (group,) = laptop.aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    instances = group["Instances"]
    return {item["InstanceId"] for item in instances if item["LifecycleState"] == "InService"}


def is_at_work(laptop: Laptop, instance: str) -> bool:
    """Whether it has begun a batch that is not written yet."""
    items = laptop.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    return any(
        "pendingCheckpoint" in item and item["leaseOwner"]["S"].startswith(instance)
        for item in items
        if "leaseOwner" in item
    )


def share(laptop: Laptop) -> list[str]:
    """The instances, when they are two, both live, and each reads a shard."""
    found = readers(laptop)
    return sorted(found) if len(set(found)) == 2 and set(found) <= in_service(laptop) else []


def kill(laptop: Laptop, instance: str) -> None:
    """Everything that runs on it, at once."""
    machine = psutil.Process(int((laptop.state / INSTANCES / instance / "pid").read_text()))
    for process in [machine, *machine.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.fixture(scope="module")
def scored(module_laptop):
    """A laptop whose workers have scored the first days."""
    said = module_laptop.tell(DAYS)
    flights = len(Truth.of(DAYS).flights)
    assert f"{flights:,} of {flights:,} flights scored" in " ".join(said.split())
    return module_laptop


def test_every_flight_has_one_prediction_though_an_instance_dies(scored):
    dice = random.Random(SEED)
    first, second = wait_until("two instances to share the shards", lambda: share(scored), SECONDS)
    victim = dice.choice([first, second])
    before, truth = len(predictions(scored)), Truth.of(MORE_DAYS)
    moment = before + dice.randrange(1, (len(truth.flights) - before) // 2)

    producer = scored.begin("pipeline", "produce", "--days", str(MORE_DAYS), "--speed", SPEED)
    wait_until(f"{moment} predictions", lambda: len(predictions(scored)) >= moment, SECONDS)
    wait_until("a batch in its work", lambda: is_at_work(scored, victim), SECONDS, 0.01)
    kill(scored, victim)
    assert producer.wait(SECONDS) == 0

    def all_scored():
        ids = {line["flight_id"] for line in predictions(scored)}
        return ids == set(truth.flights.id)

    wait_until("every flight to be scored", all_scored, SECONDS)
    lines = predictions(scored)
    assert sorted(line["flight_id"] for line in lines) == sorted(truth.flights.id)
    assert cloud.objects(scored, cloud.LAKE, "unscored/") == {}

    some = dice.sample(lines, 50)
    asked = cloud.ask(scored, [line["features"] for line in some])
    assert [line["probability"] for line in some] == pytest.approx(asked, abs=1e-9)

    now = wait_until("two instances to share the shards again", lambda: share(scored), SECONDS)
    assert victim not in now
    status = scored.run("pipeline", "consumers", "status")
    assert "2 of 2 instances in service" in status
    assert all(instance in status for instance in now)
    log = cloud.log(scored, f"/{cloud.NAME}/consumers", now[0])
    assert "begins at" in log


def test_instances_end_in_order_when_the_stack_goes(scored):
    """Told to stop, a worker hands its leases back, which its log says last."""
    wait_until("two instances to share the shards", lambda: share(scored), SECONDS)
    (group,) = scored.aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    gone = share(scored)[0]
    scored.aws("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=gone, ShouldDecrementDesiredCapacity=False
    )
    wait_until(
        "its worker's last word",
        lambda: "has stopped" in cloud.log(scored, f"/{cloud.NAME}/consumers", gone),
        SECONDS,
    )
    assert gone not in readers(scored)
    assert group["DesiredCapacity"] == 2
