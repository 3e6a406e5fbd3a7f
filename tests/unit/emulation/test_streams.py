import hashlib
import os
import random
from dataclasses import replace

import pytest

from emulation.compute.streams import iterators
from emulation.compute.streams.engine import StreamEngine, new_stream_id
from emulation.compute.streams.errors import (
    ExpiredIterator,
    InvalidIterator,
    InvalidRequest,
    StorageFailed,
    StreamExists,
    StreamMissing,
)
from emulation.compute.streams.log import ShardLog
from emulation.compute.streams.records import HASH_KEYS, parse_sequence_number
from emulation.compute.streams.segments import Segment
from emulation.compute.streams.stream import HOUR_MS, METADATA, Entry, StreamState

NOW = 1_700_000_000_000
ACCOUNT, REGION = "000000000000", "us-east-1"


def state(name="s"):
    return StreamState(
        account=ACCOUNT,
        region=REGION,
        name=name,
        stream_id=new_stream_id(),
        created_ms=NOW,
        mode="PROVISIONED",
    )


@pytest.fixture
def engine(tmp_path):
    return StreamEngine(tmp_path)


@pytest.fixture
def stream(engine):
    return engine.create(state(), 2)


def entries(count, size=100):
    return [Entry(f"key-{number}", bytes([number % 256]) * size) for number in range(count)]


def contents(stream, now=NOW):
    """Every record of every shard, read in small steps."""
    found = []
    for shard in stream.state.shards:
        ordinal = 1
        while (batch := stream.read(shard.number, ordinal, now, limit=7, max_bytes=10**6)).records:
            found += [(record.partition_key, record.data) for record in batch.records]
            ordinal = batch.next_ordinal
    return found


def test_records_are_read_as_they_were_written(stream):
    stream.put(entries(100), NOW)
    assert sorted(contents(stream)) == sorted((e.partition_key, e.data) for e in entries(100))


def test_partition_key_chooses_the_shard_by_its_md5(stream):
    for entry, stored in zip(entries(50), stream.put(entries(50), NOW), strict=True):
        key = int(hashlib.md5(entry.partition_key.encode()).hexdigest(), 16)
        assert stored.shard_id == f"shardId-{int(key >= HASH_KEYS // 2):012d}"


def test_explicit_hash_key_overrides_the_partition_key(stream):
    places = [0, HASH_KEYS // 2 - 1, HASH_KEYS // 2, HASH_KEYS - 1]
    stored = stream.put([Entry("same", b"", place) for place in places], NOW)
    assert [item.shard_id[-1] for item in stored] == ["0", "0", "1", "1"]


def test_sequence_numbers_grow_within_a_shard_and_look_like_those_of_aws(stream):
    stored = stream.put(entries(50), NOW) + stream.put(entries(50), NOW + 1)
    for shard in stream.state.shards:
        numbers = [item.sequence_number for item in stored if item.shard_id == shard.shard_id]
        assert numbers == sorted(numbers, key=int)
        assert all(len(number) == 56 and number.startswith("49") for number in numbers)
        assert int(shard.starting) < int(numbers[0])
        assert [parse_sequence_number(n).ordinal for n in numbers] == list(
            range(1, len(numbers) + 1)
        )


def test_arrivals_never_go_back_with_the_clock(stream):
    stream.put([Entry("a", b"1", 0)], NOW + 5000)
    stream.put([Entry("a", b"2", 0)], NOW)
    batch = stream.read(0, 1, NOW + 6000, limit=10, max_bytes=10**6)
    assert [record.arrival_ms for record in batch.records] == [NOW + 5000] * 2


def test_read_stops_at_its_limits_and_says_how_far_behind_it_is(stream):
    stream.put([Entry("a", b"x" * 400, 0) for _ in range(10)], NOW)
    assert len(stream.read(0, 1, NOW, limit=3, max_bytes=10**6).records) == 3
    batch = stream.read(0, 1, NOW + 2500, limit=100, max_bytes=1000)
    assert (len(batch.records), batch.next_ordinal, batch.millis_behind) == (2, 3, 2500)
    assert stream.read(0, 1, NOW + 2500, limit=100, max_bytes=10**6).millis_behind == 0
    # A record that is larger than the limit is given alone: nobody could read on otherwise.
    assert len(stream.read(0, 1, NOW, limit=100, max_bytes=10).records) == 1


def test_engine_that_opens_the_folder_again_has_everything(engine, stream, tmp_path):
    stored = stream.put(entries(100), NOW)
    stream.change(tags={"a": "b"}, retention_hours=48)
    again = StreamEngine(tmp_path).get(ACCOUNT, REGION, "s")
    assert contents(again) == contents(stream)
    assert again.state == stream.state
    more = again.put(entries(100), NOW)
    assert not {item.sequence_number for item in more} & {item.sequence_number for item in stored}


@pytest.mark.parametrize("sealed", [True, False])
def test_torn_end_of_a_segment_is_cut_off(tmp_path, sealed):
    """Wherever a killed process stopped writing, what was whole is there and writing goes on."""
    log = ShardLog(tmp_path / "whole")
    log.append([(b"key", b"x" * 50)] * 20, NOW)
    (path,) = (tmp_path / "whole").glob("*.log")
    whole = path.read_bytes()
    frame = len(whole) // 20
    for cut in random.Random(1).sample(range(len(whole)), 60):
        folder = tmp_path / f"cut-{cut}"
        folder.mkdir()
        if sealed:
            segment = Segment.open(path)
            segment.seal()
            (folder / segment.seal_path.name).write_bytes(segment.seal_path.read_bytes())
        (folder / path.name).write_bytes(whole[:cut])
        found = ShardLog(folder)
        assert len(list(found.read(1))) == cut // frame
        assert found.append([(b"key", b"new")], NOW)[0] == cut // frame + 1
        assert [record.data for record in ShardLog(folder).read(1)][-1] == b"new"


def test_damaged_record_and_what_follows_it_are_cut_off(tmp_path):
    """Also when later writes end just where a record begins that was whole."""
    log = ShardLog(tmp_path)
    log.append([(b"key", b"x" * 50)] * 3, NOW)
    (path,) = tmp_path.glob("*.log")
    content = bytearray(path.read_bytes())
    content[len(content) // 3 + 40] ^= 1
    path.write_bytes(content)
    again = ShardLog(tmp_path)
    assert len(list(again.read(1))) == 1
    again.append([(b"key", b"y" * 50)], NOW)
    assert [record.data[:1] for record in ShardLog(tmp_path).read(1)] == [b"x", b"y"]


def test_segments_roll_and_sealed_ones_open_without_being_read(tmp_path, monkeypatch):
    log = ShardLog(tmp_path, segment_bytes=10_000)
    for number in range(100):
        log.append([(b"key", b"%d" % number + b"x" * 1000)], NOW + number)
    paths = sorted(tmp_path.glob("*.log"))
    assert len(paths) > 5
    assert len(list(tmp_path.glob("*.index"))) == len(paths) - 1
    recovered = []
    whole = Segment._recover
    monkeypatch.setattr(
        Segment, "_recover", lambda segment: (recovered.append(segment.path), whole(segment))
    )
    again = ShardLog(tmp_path, segment_bytes=10_000)
    assert recovered == [paths[-1]]
    assert [record.ordinal for record in again.read(1)] == list(range(1, 101))
    assert [record.ordinal for record in again.read(57)] == list(range(57, 101))
    assert [again.ordinal_at(NOW + number) for number in range(101)] == list(range(1, 102))


def test_large_records_span_the_blocks_in_which_a_segment_is_read(tmp_path):
    log = ShardLog(tmp_path)
    sizes = [10, 3_000_000, 0, 1_048_576, 2_500_000, 1]
    for size in sizes:
        log.append([(b"key", b"x" * size)], NOW)
    assert [len(record.data) for record in log.read(1)] == sizes
    assert [len(record.data) for record in ShardLog(tmp_path).read(2)] == sizes[1:]


def test_trim_drops_old_segments_and_hides_old_records(tmp_path):
    log = ShardLog(tmp_path, segment_bytes=10_000)
    for number in range(100):
        log.append([(b"key", b"x" * 1000)], NOW + number)
    before = len(list(tmp_path.glob("*.log")))
    assert log.trim(NOW) == 1
    assert log.trim(NOW + 55) == 56
    assert len(list(tmp_path.glob("*.log"))) < before
    assert log.trim(NOW + 1000) == 101
    assert log.append([(b"key", b"")], NOW + 1000)[0] == 101


def test_retention_hides_what_is_too_old(stream):
    stream.put([Entry("a", b"old", 0)], NOW)
    later = NOW + 24 * HOUR_MS
    stream.put([Entry("a", b"new", 0)], later)
    assert contents(stream, later) == [("a", b"old"), ("a", b"new")]
    assert contents(stream, later + 1) == [("a", b"new")]


def test_disk_that_refuses_keeps_nothing_of_the_write(stream, monkeypatch):
    """Not even behind a later record of the same length, where a restart would find it whole."""
    stream.put([Entry("a", b"first", 0)], NOW)

    def fail(file, data, offset):
        os.pwrite(file, data, offset)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("emulation.compute.streams.segments._write", fail)
        with pytest.raises(StorageFailed, match="No space left on device"):
            stream.log(0).append([(b"b", b"lost")] * 3, NOW)
        assert stream.put([Entry("b", b"lost", 0)] * 3, NOW) == [None] * 3
    stream.put([Entry("c", b"kept", 0)], NOW)
    assert contents(stream) == [("a", b"first"), ("c", b"kept")]
    assert contents(type(stream).open(stream.folder)) == contents(stream)


def test_split_closes_the_shard_and_opens_two_children(stream):
    stream.put([Entry("a", b"before", 5)], NOW)
    stream.split(0, 1000, NOW)
    low, high = stream.state.shards[2:]
    assert (low.start, low.end, low.parent) == (0, 999, 0)
    assert (high.start, high.end, high.parent) == (1000, HASH_KEYS // 2 - 1, 0)
    assert not stream.state.shards[0].is_open
    (stored,) = stream.put([Entry("a", b"after", 5)], NOW)
    assert stored.shard_id == low.shard_id
    assert int(stored.sequence_number) > int(stream.state.shards[0].ending)
    assert [record.data for record in stream.log(0).read(1)] == [b"before"]


def test_merge_makes_one_shard_of_two_neighbours(stream):
    stream.merge(1, 0, NOW)
    merged = stream.state.shards[2]
    assert (merged.start, merged.end) == (0, HASH_KEYS - 1)
    assert (merged.parent, merged.adjacent_parent) == (1, 0)
    with pytest.raises(InvalidRequest, match="not adjacent"):
        stream.merge(0, 1, NOW)


@pytest.mark.parametrize("targets", [(4,), (1,), (3,), (4, 3, 6, 2, 1), (7, 5)])
def test_rescale_ends_in_even_shards_that_cover_every_hash_key(stream, targets, tmp_path):
    for target in targets:
        stream.rescale(target, NOW)
        opened = sorted(stream.open_shards(), key=lambda shard: shard.start)
        assert len(opened) == target
        assert [shard.start for shard in opened] == [HASH_KEYS * n // target for n in range(target)]
        ends = [shard.end for shard in opened]
        assert ends == [shard.start - 1 for shard in opened[1:]] + [HASH_KEYS - 1]
    again = StreamEngine(tmp_path).get(ACCOUNT, REGION, "s")
    assert again.state.shards == stream.state.shards


def test_closed_shards_are_listed_until_their_records_are_gone(stream):
    stream.merge(0, 1, NOW)
    assert len(stream.listed_shards(NOW + 24 * HOUR_MS)) == 3
    assert [s.number for s in stream.listed_shards(NOW + 24 * HOUR_MS + 1)] == [2]


def test_stream_of_a_taken_name_is_refused(engine, stream):
    with pytest.raises(StreamExists):
        engine.create(state(), 1)


def test_deleted_stream_is_gone_and_stays_gone(engine, stream, tmp_path):
    stream.put(entries(3), NOW)
    engine.delete(stream)
    for found in (engine, StreamEngine(tmp_path)):
        with pytest.raises(StreamMissing):
            found.get(ACCOUNT, REGION, "s")
    # Who found it before cannot bring it back.
    with pytest.raises(StreamMissing):
        stream.put(entries(1), NOW)
    assert not list(tmp_path.glob("*/*/*"))


def test_creation_or_deletion_that_was_cut_short_leaves_no_stream(engine, stream, tmp_path):
    stream.folder.with_name("dropped-x").mkdir()
    (stream.folder.with_name("half") / "shardId-000000000000").mkdir(parents=True)
    assert len(StreamEngine(tmp_path).list(ACCOUNT, REGION)) == 1
    assert [path.name for path in stream.folder.parent.iterdir()] == [stream.folder.name]


def test_streams_of_names_that_differ_in_case_are_two(engine, stream):
    engine.create(state("S"), 1).put([Entry("a", b"")], NOW)
    assert contents(stream) == []


def test_iterator_is_read_back():
    place = iterators.Place(ACCOUNT, "s" * 128, new_stream_id(), 12, 345, NOW)
    text = iterators.write(place)
    assert len(text) <= 512
    assert iterators.read(text, NOW) == place


@pytest.mark.parametrize("text", ["", "abc", "not an iterator", "ä", "A" * 300])
def test_text_that_is_no_iterator_is_refused(text):
    with pytest.raises(InvalidIterator):
        iterators.read(text, NOW)


def test_iterator_expires_after_five_minutes():
    place = iterators.Place(ACCOUNT, "s", new_stream_id(), 0, 1, NOW)
    assert iterators.read(iterators.write(place), NOW + 300_000)
    with pytest.raises(ExpiredIterator):
        iterators.read(iterators.write(place), NOW + 300_001)


def test_sequence_number_of_another_make_is_not_understood():
    assert parse_sequence_number("0") is None
    assert parse_sequence_number("12345678901234567890") is None


def test_state_survives_its_file(stream):
    changed = replace(stream.state, tags={"ä": "ö"})
    assert StreamState.from_json(changed.to_json()) == changed


def test_stream_whose_creation_lost_its_power_never_was(engine, tmp_path):
    kept, lost = engine.create(state("kept"), 1), engine.create(state("lost"), 1)
    (lost.folder / METADATA).write_bytes(b"")
    again = StreamEngine(tmp_path)
    assert again.list(ACCOUNT, REGION)[0].state == kept.state
    assert len(again.list(ACCOUNT, REGION)) == 1
    assert not lost.folder.exists()
