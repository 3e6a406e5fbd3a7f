"""Writing and reading records: where AWS's limits and words meet the engine.

What is written with a sequence number in the answer is stored. No throughput limit is applied.
"""

from typing import Any

from localstack.aws.api import RequestContext

from emulation.compute.streams import iterators
from emulation.compute.streams.errors import (
    ExpiredIterator,
    InvalidIterator,
    StreamMissing,
)
from emulation.compute.streams.records import HASH_KEYS, parse_sequence_number, sequence_number
from emulation.compute.streams.shards import Shard
from emulation.compute.streams.stream import Entry, Stored, Stream
from emulation.services.kinesis import errors, metrics, store, streams
from emulation.services.kinesis.constraints import check_text
from emulation.services.kinesis.timestamps import milliseconds, timestamp

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_KEY = 256
READ_LIMIT = 10_000
READ_BYTES = 10 * 1024 * 1024


def put_one(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of PutRecord."""
    stream = store.find(context, request)
    entry = _entry(request, "", stream.state.max_record_kib * 1024)
    _check_ordering(request.get("SequenceNumberForOrdering"), stream)
    (stored,) = places = _put(stream, [entry])
    metrics.count_put(stream, metrics.PUT_RECORD, places, metrics.size([entry]))
    if stored is None:
        raise errors.internal_failure()
    return {
        "ShardId": stored.shard_id,
        "SequenceNumber": stored.sequence_number,
        "EncryptionType": _encryption_type(stream),
    }


def put_many(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of PutRecords: a result for each record, in the order of the request."""
    stream = store.find(context, request)
    records = request.get("Records") or []
    if not 1 <= len(records) <= MAX_RECORDS:
        limit = f"less than or equal to {MAX_RECORDS}" if records else "greater than or equal to 1"
        raise errors.validation(
            "1 validation error detected: Value at 'records' failed to satisfy constraint: "
            f"Member must have length {limit}"
        )
    most = stream.state.max_record_kib * 1024
    entries = [
        _entry(record, f"records.{number}.member.", most)
        for number, record in enumerate(records, 1)
    ]
    size = metrics.size(entries)
    if size > MAX_REQUEST_BYTES:
        raise errors.invalid_argument("Records size exceeds 10 MB limit")
    places = _put(stream, entries)
    metrics.count_put(stream, metrics.PUT_RECORDS, places, size)
    results = [_result(stored) for stored in places]
    failed = sum("ErrorCode" in result for result in results)
    return {
        "FailedRecordCount": failed,
        "Records": results,
        "EncryptionType": _encryption_type(stream),
    }


def _encryption_type(stream: Stream) -> str:
    return "KMS" if stream.state.key_id else "NONE"


def _put(stream: Stream, entries: list[Entry]) -> list[Stored | None]:
    try:
        return stream.put(entries, store.now_ms())
    except StreamMissing:
        raise errors.stream_not_found(stream.state.name, stream.state.account) from None


def _result(stored: Stored | None) -> dict[str, str]:
    if stored is None:
        return {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal Service Failure"}
    return {"SequenceNumber": stored.sequence_number, "ShardId": stored.shard_id}


def _entry(record: dict[str, Any], place: str, most: int) -> Entry:
    """One record of a request; `place` is its name in a message."""
    key, data = record.get("PartitionKey"), record.get("Data")
    if key is None or data is None:
        missing = "partitionKey" if key is None else "data"
        raise errors.violation("null", f"{place}{missing}", "Member must not be null")
    check_text(key)
    if not 1 <= len(key) <= MAX_KEY:
        limit = f"less than or equal to {MAX_KEY}" if key else "greater than or equal to 1"
        raise errors.violation(
            f"'{key}'", f"{place}partitionKey", f"Member must have length {limit}"
        )
    if len(data) + len(key.encode()) > most:
        raise errors.validation(
            f"1 validation error detected: Value at '{place}data' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}"
        )
    explicit = record.get("ExplicitHashKey")
    return Entry(key, data, None if explicit is None else _explicit(explicit))


def _explicit(text: str) -> int:
    check_text(text)
    if not (text.isascii() and text.isdigit() and int(text) < HASH_KEYS):
        raise errors.invalid_argument(
            "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
            f"Specified value was {text}"
        )
    return int(text)


def _check_ordering(number: str | None, stream: Stream) -> None:
    """Writes of a shard are ordered anyway: the number that must be smaller always is."""
    if number and not parse_sequence_number(number):
        raise errors.invalid_argument(
            f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream "
            f"{stream.state.name} under account {stream.state.account} is invalid."
        )


def shard_iterator(context: RequestContext, request: dict[str, Any]) -> str:
    """The answer of GetShardIterator."""
    stream = store.find(context, request)
    shard = stream.shard(streams.number_of(request["ShardId"], stream))
    ordinal = _starting_ordinal(request, stream, shard)
    return _iterator(stream, shard.number, ordinal)


def _iterator(stream: Stream, number: int, ordinal: int) -> str:
    state = stream.state
    now_ms = store.now_ms()
    return iterators.write(
        iterators.Place(state.account, state.name, state.stream_id, number, ordinal, now_ms)
    )


def _starting_ordinal(request: dict[str, Any], stream: Stream, shard: Shard) -> int:
    kind, given = request["ShardIteratorType"], request.get("StartingSequenceNumber")
    by_number = kind in {"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"}
    if by_number != (given is not None):
        raise errors.invalid_argument(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and "
            "StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {kind} and {'also a' if given else 'no'} StartingSequenceNumber."
        )
    if given is not None:
        ordinal = _ordinal_of(given, stream, shard)
        return ordinal + 1 if kind == "AFTER_SEQUENCE_NUMBER" else ordinal
    log = stream.log(shard.number)
    if kind == "LATEST":
        return log.next_ordinal
    if kind == "AT_TIMESTAMP":
        return log.ordinal_at(_starting_ms(request))
    return log.trim(stream.horizon_ms(store.now_ms()))


def _starting_ms(request: dict[str, Any]) -> int:
    if request.get("Timestamp") is None:
        raise errors.invalid_argument(
            "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current "
            "request has no timestamp parameter."
        )
    at_ms, now_ms = milliseconds(request["Timestamp"]), store.now_ms()
    if at_ms > now_ms:
        raise errors.invalid_argument(
            "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
            f"timestampInMillis: {at_ms}, currentTimestampInMillis: {now_ms}"
        )
    return at_ms


def _ordinal_of(text: str, stream: Stream, shard: Shard) -> int:
    """The place that a sequence number of this shard tells."""
    number = parse_sequence_number(text)
    used = (
        f"StartingSequenceNumber {text} used in GetShardIterator on shard {shard.shard_id} in "
        f"stream {stream.state.name} under account {stream.state.account} is invalid"
    )
    if number is None:
        raise errors.invalid_argument(f"{used}.")
    if number.shard != shard.number:
        raise errors.invalid_argument(
            f"Invalid StartingSequenceNumber. It encodes shardId-{number.shard:012d}, while it was "
            f"used in a call to a shard with {shard.shard_id}"
        )
    following = stream.log(shard.number).next_ordinal
    if number.created_s != shard.created_s or number.ordinal > following:
        raise errors.invalid_argument(f"{used} because it did not come from this stream.")
    return number.ordinal


def get(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of GetRecords."""
    now_ms = store.now_ms()
    place, stream = _placed(context, request, now_ms)
    shard = stream.shard(place.shard)
    limit = request.get("Limit") or READ_LIMIT
    # The end of the shard is decided before the read: a shard that closes meanwhile is not at it.
    following = None if shard.is_open else stream.log(shard.number).next_ordinal
    batch = stream.read(shard.number, place.ordinal, now_ms, limit=limit, max_bytes=READ_BYTES)
    metrics.count_read(stream, batch)
    base, encrypted = shard.base, _encryption_type(stream)
    answer: dict[str, Any] = {
        "Records": [
            {
                "SequenceNumber": sequence_number(base, record.ordinal, record.arrival_ms),
                "ApproximateArrivalTimestamp": timestamp(record.arrival_ms),
                "Data": record.data,
                "PartitionKey": record.partition_key,
                "EncryptionType": encrypted,
            }
            for record in batch.records
        ],
        "MillisBehindLatest": batch.millis_behind,
    }
    if following is not None and batch.next_ordinal >= following:
        answer["ChildShards"] = _children(stream, shard)
    else:
        answer["NextShardIterator"] = _iterator(stream, shard.number, batch.next_ordinal)
    return answer


def _children(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    return [
        streams.child_shard(other)
        for other in stream.state.shards
        if shard.number in {other.parent, other.adjacent_parent}
    ]


def _placed(
    context: RequestContext, request: dict[str, Any], now_ms: int
) -> tuple[iterators.Place, Stream]:
    try:
        place = iterators.read(request["ShardIterator"], now_ms)
    except InvalidIterator:
        raise errors.invalid_argument("Invalid ShardIterator.") from None
    except ExpiredIterator as error:
        raise errors.expired_iterator(error) from None
    stream = store.get(place.account, context.region, place.name)
    if stream.state.stream_id != place.stream_id:
        raise errors.stream_not_found(place.name, place.account)
    if request.get("StreamARN") and store.find(context, request) is not stream:
        raise errors.invalid_argument("StreamARN does not name the stream of the ShardIterator.")
    return place, stream
