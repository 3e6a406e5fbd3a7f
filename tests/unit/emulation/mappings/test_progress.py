"""How far a shard has come: in memory, over its lanes, and on disk."""

from emulation.services.lambda_.checkpoints import Checkpoints
from emulation.services.lambda_.progress import Progress
from tests.unit.emulation.mappings.desk import SHARD, number_of, records


def test_checkpoint_never_passes_what_is_not_settled():
    written: list[int] = []
    progress = Progress(lambda number: written.append(number_of(number)))
    one, two, three = records(1, 2, 3)
    progress.take([one, two, three])
    progress.settle([two])
    assert written == []
    progress.settle([one])
    progress.settle([three])
    assert written == [2, 3]


def test_filtered_records_need_nobody():
    written: list[int] = []
    progress = Progress(lambda number: written.append(number_of(number)))
    one, two, three = records(1, 2, 3)
    one.settled = three.settled = True
    progress.take([one, two, three])
    assert written == [1]
    progress.settle([two])
    assert written == [1, 3]


def test_what_waits_is_counted_until_it_is_settled():
    progress = Progress(lambda _: None)
    batch = records(1, 2)
    progress.take(batch)
    assert progress.holds(2, 10**9)
    assert progress.holds(10, len(batch[0].text) * 2)
    progress.settle(batch)
    assert not progress.holds(1, 1)


def test_checkpoints_survive_a_restart(tmp_path):
    path = tmp_path / "mapping.json"
    first = Checkpoints(path)
    first.set(SHARD, "17", {"start": 60, "state": {"n": 1}})
    again = Checkpoints(path)
    assert (again.get(SHARD), again.started) == ("17", first.started)
    assert again.window(SHARD) == {"start": 60, "state": {"n": 1}}
    assert again.get("shardId-000000000001") is None


def test_window_that_ended_is_kept_no_more(tmp_path):
    checkpoints = Checkpoints(tmp_path / "mapping.json")
    checkpoints.set(SHARD, "17", {"start": 60, "state": {}})
    checkpoints.set(SHARD, None, None)
    assert (checkpoints.get(SHARD), checkpoints.window(SHARD)) == ("17", None)


def test_another_stream_of_the_same_name_is_read_anew(tmp_path):
    checkpoints = Checkpoints(tmp_path / "mapping.json")
    checkpoints.belong_to("first")
    checkpoints.set(SHARD, Checkpoints.SHARD_END)
    checkpoints.belong_to("first")
    assert checkpoints.get(SHARD) == Checkpoints.SHARD_END
    checkpoints.belong_to("second")
    assert checkpoints.get(SHARD) is None


def test_batch_that_ends_after_the_mapping_was_deleted_leaves_no_file(tmp_path):
    checkpoints = Checkpoints(tmp_path / "mapping.json")
    checkpoints.delete()
    checkpoints.set(SHARD, "17")
    assert not (tmp_path / "mapping.json").exists()
