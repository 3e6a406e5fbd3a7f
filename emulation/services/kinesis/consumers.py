"""Consumers of enhanced fan-out: registered, described, listed, deregistered.

A consumer is ACTIVE when it is registered: there is nothing to prepare.
"""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams.consumers import Consumer
from emulation.compute.streams.stream import Stream, StreamState
from emulation.services.kinesis import accounts, errors, listing, store, streams
from emulation.services.kinesis.tags import check as check_tags
from emulation.services.kinesis.timestamps import timestamp

MAX_CONSUMERS = 20
MAX_CONSUMERS_WITH_COMMITMENT = 50


def arn(context: RequestContext, stream: Stream, consumer: Consumer) -> str:
    """The consumer's ARN."""
    return f"{store.arn(context, stream)}/consumer/{consumer.name}:{consumer.created_s}"


def find(context: RequestContext, request: dict[str, Any]) -> tuple[Stream, Consumer]:
    """The consumer that a request means, by ARN, by its stream's ARN and name, or all of it."""
    given, name = request.get("ConsumerARN"), request.get("ConsumerName")
    if given is None:
        if not (request.get("StreamARN") and name):
            raise errors.invalid_argument(
                "Either ConsumerARN or both StreamARN and ConsumerName must be provided."
            )
        stream = store.find(context, {"StreamARN": request["StreamARN"]})
        return stream, store.consumer(stream, name, name)
    stream, consumer = store.find_resource(context, given)
    if consumer is None:
        raise errors.invalid_argument(f"Invalid ConsumerARN: {given}")
    other = request.get("StreamARN") not in {None, store.arn(context, stream)}
    if other or name not in {None, consumer.name}:
        raise errors.invalid_argument(
            f"StreamARN and ConsumerName do not name the consumer of ConsumerARN {given}."
        )
    return stream, consumer


def register(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of RegisterStreamConsumer."""
    stream = store.find(context, {"StreamARN": request["StreamARN"]})
    tags = request.get("Tags") or {}
    check_tags(tags, stream.state.name, stream.state.account)
    consumer = Consumer(request["ConsumerName"], store.now_ms() // 1000, tags)
    limit = _limit(context, stream)

    def added(state: StreamState) -> dict[str, Any]:
        if any(other.name == consumer.name for other in state.consumers):
            told = store.arn(context, stream)
            raise errors.consumer_exists(consumer.name, told, state.account)
        if len(state.consumers) >= limit:
            raise errors.consumer_limit(state.name, state.account, limit)
        return {"consumers": (*state.consumers, consumer)}

    stream.update(added)
    return {"Consumer": describe(context, stream, consumer)}


def _limit(context: RequestContext, stream: Stream) -> int:
    advantage = stream.state.mode == streams.ON_DEMAND and accounts.is_committed(context)
    return MAX_CONSUMERS_WITH_COMMITMENT if advantage else MAX_CONSUMERS


def deregister(context: RequestContext, request: dict[str, Any]) -> str:
    """Forget a consumer; its ARN, whose subscriptions end."""
    stream, consumer = find(context, request)
    store.change_consumer(stream, consumer, None)
    return arn(context, stream, consumer)


def describe(context: RequestContext, stream: Stream, consumer: Consumer) -> dict[str, Any]:
    """A consumer as AWS lists it."""
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": arn(context, stream, consumer),
        "ConsumerStatus": "ACTIVE",
        "ConsumerCreationTimestamp": timestamp(consumer.created_s * 1000),
    }


def page(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of ListStreamConsumers, by name."""
    stream = store.find(context, {"StreamARN": request["StreamARN"]})
    token = request.get("NextToken")
    if token and request.get("StreamCreationTimestamp"):
        raise errors.invalid_argument(
            "NextToken and StreamCreationTimestamp cannot be provided together."
        )
    listing.check_creation(stream, request)
    after = listing.read_token(context, token)["after"] if token else ""
    found = sorted(stream.state.consumers, key=lambda consumer: consumer.name)
    found = [consumer for consumer in found if consumer.name > after]
    limit = min(request.get("MaxResults") or listing.PAGE, listing.PAGE)
    shown = found[:limit]
    answer: dict[str, Any] = {"Consumers": [describe(context, stream, each) for each in shown]}
    if len(found) > limit:
        answer["NextToken"] = listing.write_token(context, after=shown[-1].name)
    return answer
