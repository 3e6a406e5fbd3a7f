"""What the operator is told of the workers is what the table, the stream and the lake say."""

import pytest

from pipeline.config import Settings
from pipeline.contracts import events
from pipeline.deploy.execute import Deployer
from pipeline.errors import LateError
from pipeline.orchestration import consumers
from pipeline.orchestration.run import Run
from pipeline.producers import tables
from pipeline.producers.timeline import timeline
from tests.unit.pipeline.consumers.miniatures import Cloud, shard_id

SHARD = shard_id(0)
OUTPUTS = {
    "LakeBucket": "lake",
    "ArtifactsBucket": "artifacts",
    "LeaseTableName": "leases",
    "EventStreamName": "t-events",
    "WorkerGroupName": "t-workers",
}


class Show:
    def __init__(self, work=lambda: None):
        self.counts = []
        self.work = work

    def say(self, text):
        pass

    def count(self, done, total):
        self.counts.append((done, total))
        self.work()


class Groups:
    def describe_auto_scaling_groups(self, *, AutoScalingGroupNames):
        states = ("InService", "Pending")
        instances = [{"LifecycleState": state} for state in states]
        return {"AutoScalingGroups": [{"Instances": instances, "DesiredCapacity": 2}]}


@pytest.fixture
def cloud(monkeypatch):
    cloud = Cloud()
    cloud.services["autoscaling"] = Groups()
    monkeypatch.setattr("pipeline.aws.client", cloud.services.__getitem__)
    monkeypatch.setattr("pipeline.polling.FIRST_PAUSE", 0)
    cloud.stream.put(SHARD, map(events.encode, timeline(tables.days(1))))
    return cloud


@pytest.fixture
def run():
    return Run(Settings(name="tt", stage_seconds=60), 1, Deployer("t", 1, OUTPUTS))


def begin(cloud):
    worker = cloud.worker("a", batch=500)
    worker.turn()
    return worker


def work(worker):
    def step():
        worker.renew()
        worker.step(SHARD)

    return step


def test_flights_are_counted_until_each_has_its_prediction(cloud, run):
    show = Show(work(begin(cloud)))
    assert consumers.score(run, show) == "842 of 842 flights scored"
    assert show.counts[0] == (0, 842)
    assert show.counts[-1] == (842, 842)


def test_what_was_counted_is_not_counted_again(cloud, run):
    consumers.score(run, Show(work(begin(cloud))))
    cloud.bucket.objects["predictions/date=2026-01-01/of-the-api.json"] = b"{}"
    again = Show()
    assert consumers.score(run, again) == "842 of 842 flights scored"
    assert again.counts == []
    run.days = 2
    run.settings.stage_seconds = 0
    with pytest.raises(LateError, match="have no prediction after 0 s"):
        consumers.score(run, again)


def test_refused_flights_are_told_apart(cloud, run):
    cloud.endpoint.refuses = lambda features: features.get("distance") == 1400
    told = consumers.score(run, Show(work(begin(cloud))))
    refused = len(cloud.bucket.lines("unscored/"))
    assert told == f"{842 - refused} of 842 flights scored, {refused} refused by the model"
    assert refused > 1


def test_flights_that_the_stream_has_forgotten_are_not_waited_for(cloud, run):
    worker, shard = begin(cloud), cloud.stream.shards[SHARD]
    del shard.records[:1000]
    told = consumers.score(run, Show(work(worker)))
    there = len(cloud.bucket.predicted())
    assert told == (f"{there} of 842 flights scored, {842 - there} are not in the stream any more")


def test_nobody_is_through_before_there_are_leases(cloud, run):
    assert not consumers.caught_up(run)


def test_behind_is_the_age_of_the_next_record(cloud, run):
    worker = begin(cloud)
    (lease,) = consumers.leases(run)
    assert consumers.behind(run, lease) == pytest.approx(3600, abs=600)
    while worker.step(SHARD) != 1.0:
        worker.renew()
    (lease,) = consumers.leases(run)
    assert consumers.behind(run, lease) == 0


def test_status_shows_every_shard(cloud, run, capsys):
    begin(cloud)
    cloud.stream.reshard([SHARD], [shard_id(1)])
    cloud.worker("b").worker._shards.follow()
    consumers.show_consumers(run)
    shown = capsys.readouterr().out
    (first,) = [line for line in shown.splitlines() if SHARD in line]
    (second,) = [line for line in shown.splitlines() if shard_id(1) in line]
    assert "read" in first
    assert "│ a " in first
    assert "waits for its parents" in second
    assert "1 of 2 instances in service" in shown
