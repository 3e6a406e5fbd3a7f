"""Writing and reading records: where AWS's limits and words meet the engine.

What is written with a sequence number in the answer is stored.
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
from emulation.compute.streams.stream import Batch, Entry, Stored, Stream
from emulation.services.kinesis import errors, metrics, monitoring, store, streams, throughput
from emulation.services.kinesis.constraints import check_text
from emulation.services.kinesis.timestamps import milliseconds, timestamp
from emulation.services.metrics import Metric

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
    for shard_id in throughput.refused(stream, [entry], store.now_ms()).values():
        raise errors.rate_exceeded(shard_id, stream.state.name, stream.state.account)
    (stored,) = write(stream, [entry], metrics.PUT_RECORD)
    if stored is None:
        raise errors.internal_failure()
    return put_one_answer(stream, stored)


def put_one_answer(stream: Stream, stored: Stored) -> dict[str, Any]:
    """The answer of a PutRecord whose record is stored."""
    return _result(stored) | {"EncryptionType": encryption_type(stream)}


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
    if metrics.size(entries) > MAX_REQUEST_BYTES:
        raise errors.invalid_argument("Records size exceeds 10 MB limit")
    refused = throughput.refused(stream, entries, store.now_ms())
    if refused:
        return _put_the_rest(stream, entries, refused)
    return put_answer(stream, write(stream, entries, metrics.PUT_RECORDS))


def _put_the_rest(stream: Stream, entries: list[Entry], refused: dict[int, str]) -> dict[str, Any]:
    """The answer of a PutRecords of which some records, by their places, are refused."""
    rest = [entry for place, entry in enumerate(entries) if place not in refused]
    answer = put_answer(stream, write(stream, rest, metrics.PUT_RECORDS))
    written = iter(answer["Records"])
    state = stream.state
    results = [
        {
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": errors.rate_words(refused[place], state.name, state.account),
        }
        if place in refused
        else next(written)
        for place in range(len(entries))
    ]
    failed = answer["FailedRecordCount"] + len(refused)
    return answer | {"FailedRecordCount": failed, "Records": results}


def put_answer(stream: Stream, places: list[Stored | None]) -> dict[str, Any]:
    """The answer of a PutRecords whose records are stored."""
    return {
        "FailedRecordCount": places.count(None),
        "Records": [_result(stored) for stored in places],
        "EncryptionType": encryption_type(stream),
    }


def encryption_type(stream: Stream) -> str:
    return "KMS" if stream.state.key_id else "NONE"


def write(stream: Stream, entries: list[Entry], operation: Metric) -> list[Stored | None]:
    """Store records that are checked; None for each that could not be stored."""
    try:
        places = stream.put(entries, store.now_ms())
    except StreamMissing:
        raise errors.stream_not_found(stream.state.name, stream.state.account) from None
    metrics.count_put(stream, operation, places, metrics.size(entries))
    monitoring.count_put(stream, entries, places)
    return places


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
    shard, ordinal = starting_place(stream, request)
    return _iterator(stream, shard.number, ordinal)


def starting_place(stream: Stream, request: dict[str, Any]) -> tuple[Shard, int]:
    """The shard and the ordinal that a request of GetShardIterator means."""
    number = streams.read_number(request["ShardId"], stream)
    if number >= len(stream.state.shards):
        shard_id = streams.name_of(number)
        raise errors.shard_missing(shard_id, stream.state.name, stream.state.account)
    shard = stream.shard(number)
    return shard, _starting_ordinal(request, stream, shard)


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
    throughput.check_read(stream, place.shard, now_ms)
    batch, ending = read(stream, place, request.get("Limit"), now_ms)
    throughput.count_read(stream, place.shard, batch)
    base, encrypted = stream.shard(place.shard).base, encryption_type(stream)
    records = [
        {
            "SequenceNumber": sequence_number(base, record.ordinal, record.arrival_ms),
            "ApproximateArrivalTimestamp": timestamp(record.arrival_ms),
            "Data": record.data,
            "PartitionKey": record.partition_key,
            "EncryptionType": encrypted,
        }
        for record in batch.records
    ]
    return {"Records": records, "MillisBehindLatest": batch.millis_behind, **ending}


def read(
    stream: Stream, place: iterators.Place, limit: int | None, now_ms: int
) -> tuple[Batch, dict[str, Any]]:
    """The records from a place on, and how a reader goes on: an iterator, or the child shards."""
    shard = stream.shard(place.shard)
    # The end of the shard is decided before the read: a shard that closes meanwhile is not at it.
    following = None if shard.is_open else stream.log(shard.number).next_ordinal
    batch = stream.read(
        shard.number, place.ordinal, now_ms, limit=limit or READ_LIMIT, max_bytes=READ_BYTES
    )
    metrics.count_read(stream, batch)
    monitoring.count_read(stream, shard.shard_id, batch)
    if following is not None and batch.next_ordinal >= following:
        return batch, {"ChildShards": children(stream, shard)}
    return batch, {"NextShardIterator": _iterator(stream, shard.number, batch.next_ordinal)}


def children(stream: Stream, shard: Shard) -> list[dict[str, Any]]:
    """The shards that a closed one became."""
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
