"""SubscribeToShard: records pushed to a consumer as they come, for five minutes.

A subscription sleeps in a thread of the gateway until there are records, and wakes every five
seconds to show its reader that it lives, as on AWS. Each shard has one subscription of a consumer:
a second one is refused within five seconds of the first and takes its place after that.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.errors import StreamMissing
from emulation.compute.streams.feeds import Feed, News
from emulation.compute.streams.records import sequence_number
from emulation.compute.streams.shards import Shard
from emulation.compute.streams.stream import Stream
from emulation.front.bodies import ON_LEAVE
from emulation.services.kinesis import (
    consumers,
    errors,
    eventstream,
    metrics,
    monitoring,
    records,
    store,
    throughput,
)

LIFETIME_SECONDS = 5 * 60
HEARTBEAT_SECONDS = 5
TAKEOVER_SECONDS = 5


class Subscription(Iterator[bytes]):
    """The messages of one subscription; `close` may come from any thread and ends it at once."""

    def __init__(
        self, stream: Stream, shard: Shard, ordinal: int, consumer: Consumer, payload_type: str
    ) -> None:
        self.started = time.monotonic()
        self.shard = shard
        self._stream = stream
        self._consumer = consumer
        self._payload_type = payload_type
        self._feed = Feed(stream, shard.number, ordinal, store.now_ms)
        self._failure: CommonServiceException | None = None
        self._messages = self._all_messages()

    def __next__(self) -> bytes:
        return next(self._messages)

    @property
    def second(self) -> CommonServiceException:
        """What a second subscription, or the first of the two, is told."""
        state = self._stream.state
        return errors.subscribed(
            state.account, state.name, self.shard.shard_id, self._consumer.name
        )

    def close(self) -> None:
        """Nobody listens any more."""
        self._feed.end()

    def fail(self, error: CommonServiceException) -> None:
        """End with an error that the reader is told."""
        self._failure = error
        self._feed.end()

    def _all_messages(self) -> Iterator[bytes]:
        yield eventstream.event("initial-response", {}, self._payload_type)
        try:
            for news in self._news():
                metrics.count_event(self._stream, self._consumer.name, news)
                monitoring.count_read(self._stream, self.shard.shard_id, news)
                yield self._event(news)
                self._feed.pause(throughput.seconds_for(metrics.read_size(news.records)))
        except StreamMissing:
            state = self._stream.state
            self._failure = errors.stream_not_found(state.name, state.account)
        finally:
            self._feed.end()
        if self._failure:
            yield eventstream.failure(self._failure, self._payload_type)

    def _news(self) -> Iterator[News]:
        end = self.started + LIFETIME_SECONDS
        while (left := end - time.monotonic()) > 0:
            news = self._feed.next(min(left, HEARTBEAT_SECONDS))
            if news is None:
                return
            yield news
            if news.at_end:
                return

    def _event(self, news: News) -> bytes:
        base = self.shard.base
        encryption = records.encryption_type(self._stream)
        content: dict[str, Any] = {
            "Records": [
                {
                    "SequenceNumber": sequence_number(base, ordinal, arrival_ms),
                    "ApproximateArrivalTimestamp": eventstream.moment(
                        arrival_ms, self._payload_type
                    ),
                    "Data": data,
                    "PartitionKey": key,
                    "EncryptionType": encryption,
                }
                for ordinal, arrival_ms, key, data in news.records
            ],
            "MillisBehindLatest": news.millis_behind,
        }
        if news.at_end:
            content["ChildShards"] = records.children(self._stream, self.shard)
        else:
            # Of a shard that is read to its end AWS gives none: readers tell the end by that.
            arrival_ms = news.records[-1].arrival_ms if news.records else store.now_ms()
            last = news.next_ordinal - 1
            content["ContinuationSequenceNumber"] = sequence_number(base, last, arrival_ms)
        return eventstream.event("SubscribeToShardEvent", content, self._payload_type)


class Subscriptions:
    """The last subscription of each consumer and shard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[tuple[str, int], Subscription] = {}

    def take(self, arn: str, subscription: Subscription) -> None:
        """Let a subscription begin: in the place of the last one, unless that is too new."""
        key = arn, subscription.shard.number
        refusal = subscription.second
        with self._lock:
            last = self._last.get(key)
            if last and time.monotonic() - last.started < TAKEOVER_SECONDS:
                raise refusal
            self._last[key] = subscription
        if last:
            last.fail(refusal)

    def end(self, arn: str, error: CommonServiceException) -> None:
        """End all subscriptions of a consumer."""
        with self._lock:
            ended = [key for key in self._last if key[0] == arn]
            subscriptions = [self._last.pop(key) for key in ended]
        for subscription in subscriptions:
            subscription.fail(error)

    def close(self) -> None:
        """End them all; readers may come back."""
        with self._lock:
            subscriptions = list(self._last.values())
            self._last.clear()
        for subscription in subscriptions:
            subscription.close()


SUBSCRIPTIONS = Subscriptions()
"""The emulator's subscriptions."""


def subscribe(context: RequestContext, request: dict[str, Any]) -> Response:
    """The answer of SubscribeToShard."""
    stream, consumer = consumers.find(context, {"ConsumerARN": request["ConsumerARN"]})
    position = request["StartingPosition"]
    shard, ordinal = records.starting_place(
        stream,
        {
            "ShardId": request["ShardId"],
            "ShardIteratorType": position["Type"],
            "StartingSequenceNumber": position.get("SequenceNumber"),
            "Timestamp": position.get("Timestamp"),
        },
    )
    payload_type = eventstream.payload_type(context.request.headers)
    subscription = Subscription(stream, shard, ordinal, consumer, payload_type)
    SUBSCRIPTIONS.take(request["ConsumerARN"], subscription)
    context.request.environ.get(ON_LEAVE, []).append(subscription.close)
    headers = {"Content-Type": eventstream.CONTENT_TYPE, "x-amzn-RequestId": context.request_id}
    return Response(subscription, headers=headers)
