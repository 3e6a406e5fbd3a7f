import threading
import time

import pytest

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.engine import StreamEngine, new_stream_id
from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.feeds import Feed
from emulation.compute.streams.records import HASH_KEYS
from emulation.compute.streams.stream import HOUR_MS, Entry, StreamState

NOW = 1_700_000_000_000
FOR_EVER = 3600.0
PATIENCE = 60.0


@pytest.fixture
def engine(tmp_path):
    return StreamEngine(tmp_path)


@pytest.fixture
def stream(engine):
    state = StreamState(
        account="000000000000",
        region="us-east-1",
        name="s",
        stream_id=new_stream_id(),
        created_ms=NOW,
        mode="PROVISIONED",
    )
    return engine.create(state, 1)


class Reader(threading.Thread):
    """Waits for a feed's next news; `wait` fails where it is not woken."""

    def __init__(self, feed):
        super().__init__(daemon=True)
        self.feed, self.news, self.error = feed, "nothing yet", None
        self.start()

    def run(self):
        try:
            self.news = self.feed.next(FOR_EVER)
        except StreamMissing as error:
            self.error = error

    def wait(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "the feed sleeps on"
        return self.news


def feed(stream, ordinal=1):
    return Feed(stream, 0, ordinal, lambda: NOW)


def put(stream, *data):
    stream.put([Entry("p", item, 0) for item in data], NOW)


def asleep(reader):
    """Wait until the reader is registered; it may be before or in its sleep, both must work."""
    deadline = time.monotonic() + PATIENCE
    while not reader.feed._log._watchers:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return reader


def test_feed_gives_what_is_there_and_then_what_comes(stream):
    put(stream, b"1", b"2")
    reading = feed(stream)
    assert [record.data for record in reading.next(FOR_EVER).records] == [b"1", b"2"]
    reader = Reader(reading)
    put(stream, b"3")
    news = reader.wait()
    assert [record.data for record in news.records] == [b"3"]
    assert (news.next_ordinal, news.millis_behind, news.at_end) == (4, 0, False)


def test_feed_without_news_says_so_in_time(stream):
    put(stream, b"1")
    reading = feed(stream, 2)
    news = reading.next(0.01)
    assert (news.records, news.next_ordinal, news.at_end) == ([], 2, False)


def test_many_feeds_are_woken_by_one_record(stream):
    readers = [asleep(Reader(feed(stream))) for _ in range(20)]
    put(stream, b"x")
    assert [[record.data for record in reader.wait().records] for reader in readers] == [
        [b"x"]
    ] * 20


def test_end_of_the_shard_wakes_the_feed(stream):
    put(stream, b"1")
    reader = asleep(Reader(feed(stream, 2)))
    stream.split(0, HASH_KEYS // 2, NOW)
    news = reader.wait()
    assert (news.records, news.at_end) == ([], True)


def test_end_is_told_with_the_last_records_only(stream):
    put(stream, *[b"x" * 1_000_000] * 3)
    stream.split(0, HASH_KEYS // 2, NOW)
    reading = feed(stream)
    assert [(len(news.records), news.at_end) for news in (reading.next(1), reading.next(1))] == [
        (2, False),
        (1, True),
    ]


def test_deletion_of_the_stream_wakes_the_feed(engine, stream):
    reader = asleep(Reader(feed(stream)))
    engine.delete(stream)
    reader.wait()
    assert isinstance(reader.error, StreamMissing)


def test_feed_that_is_ended_wakes_and_watches_no_more(stream):
    reading = feed(stream)
    reader = asleep(Reader(reading))
    reading.end()
    assert reader.wait() is None
    assert stream.log(0)._watchers == ()
    assert reading.next(FOR_EVER) is None


def test_feed_that_is_ended_before_it_is_read_is_never_watched(stream):
    reading = feed(stream)
    reading.end()
    assert reading.next(FOR_EVER) is None
    assert stream.log(0)._watchers == ()


def test_consumers_and_policies_are_there_again(stream, tmp_path):
    consumer = Consumer("reader", NOW // 1000, {"a": "1"}, "{}")
    stream.change(
        consumers=(consumer,), policy="{}", shard_metrics=("IncomingBytes",), warm_mibps=8
    )
    again = StreamEngine(tmp_path).get("000000000000", "us-east-1", "s")
    assert again.state == stream.state


def test_state_of_an_older_version_is_read(stream, tmp_path):
    path = stream.folder / "stream.json"
    lines = path.read_text().splitlines()
    new = ("consumers", "policy", "shard_metrics", "warm_mibps", "dropped_before_ms")
    kept = [line for line in lines if not line.strip().strip('"').startswith(new)]
    path.write_text("\n".join(kept).replace("],\n}", "]\n}"))
    again = StreamEngine(tmp_path).get("000000000000", "us-east-1", "s")
    assert again.state == stream.state


def test_what_a_shorter_retention_dropped_stays_gone(stream):
    put(stream, b"old")
    later = NOW + 30 * HOUR_MS
    stream.change(retention_hours=48)
    assert len(stream.read(0, 1, later, limit=10, max_bytes=100).records) == 1
    stream.change(retention_hours=24)
    stream.change(retention_hours=48, dropped_before_ms=stream.horizon_ms(later))
    assert stream.read(0, 1, later, limit=10, max_bytes=100).records == []
