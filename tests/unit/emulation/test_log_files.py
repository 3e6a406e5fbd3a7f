"""Groups on disk: events in the order of time, found again, trimmed, deleted with their files."""

from collections.abc import Iterator

import pytest

from emulation.compute.logs.group_file import GroupFile, Span, StreamNotFoundError
from emulation.compute.logs.shelf import MAX_OPEN, Shelf

KEY = ("000000000000", "us-east-1", "/a/b")


@pytest.fixture
def shelf(tmp_path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def group(shelf) -> GroupFile:
    found = shelf.create(KEY)
    found.create_stream("s")
    found.create_stream("t")
    return found


def messages(group: GroupFile, **span) -> list[str]:
    return [event.message for event in group.events(Span(**span))]


def test_events_are_read_in_the_order_of_time_however_they_were_written(group):
    group.append("s", [(3, "three"), (5, "five")])
    group.append("t", [(1, "one"), (5, "also five")])
    assert messages(group) == ["one", "three", "five", "also five"]
    assert messages(group, backward=True) == ["also five", "five", "three", "one"]
    assert messages(group, streams=["s"]) == ["three", "five"]
    assert messages(group, streams=["s", "t"]) == ["one", "three", "five", "also five"]
    assert messages(group, after=(3, 1), before=(5, 4)) == ["five"]


def test_stream_knows_its_first_and_last_event_and_size(group):
    group.append("s", [(7, "ä"), (9, "bc")])
    group.append("s", [(2, "d")])
    stream = next(stream for stream in group.streams() if stream.name == "s")
    assert (stream.first, stream.last, stream.size) == (2, 9, 3 * 26 + 5)


def test_numbers_go_on_when_events_are_gone(group):
    last = group.append("s", [(1, "a"), (2, "b")])
    group.delete_stream("s")
    group.create_stream("s")
    assert group.append("s", [(3, "c")]) == last + 1
    assert [event.message for event in group.after(last, 10)] == ["c"]


def test_trim_deletes_what_is_older(group):
    group.append("s", [(1, "old"), (10, "new")])
    assert group.trim(5) == 1
    assert messages(group) == ["new"]
    assert next(s for s in group.streams() if s.name == "s").first == 10


def test_unknown_stream_takes_no_events(group):
    with pytest.raises(StreamNotFoundError):
        group.append("none", [(1, "x")])


def test_everything_is_found_again(tmp_path, group):
    group.append("s", [(1, "a")])
    group.set(retention=7)
    again = Shelf(tmp_path).get(KEY)
    assert again is not None
    assert (messages(again), again.settings()["retention"]) == (["a"], 7)


def test_deleted_group_leaves_no_file_and_cannot_be_used(tmp_path, shelf, group):
    assert shelf.delete(KEY)
    assert list(tmp_path.rglob("*.sqlite*")) == []
    with pytest.raises(FileNotFoundError):
        group.append("s", [(1, "x")])
    with pytest.raises(FileNotFoundError):
        messages(group)
    assert not shelf.delete(KEY)


def test_creation_that_was_cut_short_is_no_group(tmp_path):
    folder = tmp_path / "000000000000" / "us-east-1"
    folder.mkdir(parents=True)
    (folder / "x.sqlite").touch()
    assert Shelf(tmp_path).all() == []


def test_more_groups_than_files_may_be_open(shelf):
    keys = [("0", "r", f"g{number}") for number in range(MAX_OPEN + 5)]
    for key in keys:
        made = shelf.create(key)
        made.create_stream("s")
    for key in keys:
        shelf.get(key).append("s", [(1, "x")])
    assert shelf.names("0", "r") == sorted(name for _, _, name in keys)
