"""The short way of records, and of a new stream until it is active: JSON straight into the engine
and back.

Only successes are answered here. A request that is not exactly as expected, or that anything is
wrong with, is left untouched to the provider, which answers it in AWS's words.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from localstack.aws.api import CommonServiceException
from localstack.utils.aws.arns import get_partition
from msgspec import Meta, Struct

from emulation.compute.streams import iterators
from emulation.compute.streams.errors import StreamError
from emulation.compute.streams.records import HASH_KEYS, sequence_number
from emulation.compute.streams.stream import Entry, Stream
from emulation.front.shortcuts import Caller, by_target, register
from emulation.services.kinesis import creation, metrics, records, store, streams
from emulation.services.kinesis.wire import JSON

Key = Annotated[str, Meta(min_length=1, max_length=records.MAX_KEY)]
HashKey = Annotated[str, Meta(pattern="^[0-9]{1,39}$")]
Name = Annotated[str, Meta(pattern="^[a-zA-Z0-9_.-]{1,128}$")]


class Unusual(Exception):
    """The request goes the long way."""


class NewRecord(Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A record of PutRecords."""

    Data: bytes
    PartitionKey: Key
    ExplicitHashKey: HashKey | None = None


class PutRecord(NewRecord, forbid_unknown_fields=True, kw_only=True):
    """A request of PutRecord; one with a sequence number for ordering goes the long way."""

    StreamName: Name


class PutRecords(Struct, forbid_unknown_fields=True):
    """A request of PutRecords."""

    Records: Annotated[list[NewRecord], Meta(min_length=1, max_length=records.MAX_RECORDS)]
    StreamName: Name


class GetRecords(Struct, forbid_unknown_fields=True):
    """A request of GetRecords; one with the stream's ARN, too, goes the long way."""

    ShardIterator: str
    Limit: Annotated[int, Meta(ge=1, le=records.READ_LIMIT)] | None = None


class ReadRecord(Struct, gc=False):
    """A record of GetRecords; its arrival is in s since 1970."""

    SequenceNumber: str
    ApproximateArrivalTimestamp: float
    Data: bytes
    PartitionKey: str
    EncryptionType: str


class CreateStream(Struct, forbid_unknown_fields=True):
    """A request of CreateStream; one for more than shards goes the long way."""

    StreamName: Name
    ShardCount: Annotated[int, Meta(ge=1)]


class DescribeStreamSummary(Struct, forbid_unknown_fields=True):
    """A request of DescribeStreamSummary."""

    StreamName: Name


class Asker(NamedTuple):
    """What the long way tells of who asks, as far as it is needed here."""

    account_id: str
    region: str
    partition: str

    @classmethod
    def of(cls, caller: Caller) -> Any:
        """In the place of a request's context."""
        return cls(caller.account, caller.region, get_partition(caller.region))


def create_stream(caller: Caller, request: CreateStream) -> None:
    """Create; nothing is answered."""
    creation.create(Asker.of(caller), msgspec.structs.asdict(request))


def describe_stream_summary(caller: Caller, request: DescribeStreamSummary) -> object:
    """The answer of DescribeStreamSummary; a time is in s since 1970."""
    stream = store.engine().get(caller.account, caller.region, request.StreamName)
    described = streams.description_summary(Asker.of(caller), stream)
    told = {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in described.items()
    }
    return {"StreamDescriptionSummary": told}


def put_record(caller: Caller, request: PutRecord) -> object:
    """The answer of PutRecord."""
    stream = store.engine().get(caller.account, caller.region, request.StreamName)
    (stored,) = records.write(stream, _entries(stream, [request]), metrics.PUT_RECORD)
    if stored is None:
        raise Unusual
    return records.put_one_answer(stream, stored)


def put_records(caller: Caller, request: PutRecords) -> object:
    """The answer of PutRecords."""
    stream = store.engine().get(caller.account, caller.region, request.StreamName)
    entries = _entries(stream, request.Records)
    if metrics.size(entries) > records.MAX_REQUEST_BYTES:
        raise Unusual
    return records.put_answer(stream, records.write(stream, entries, metrics.PUT_RECORDS))


def _entries(stream: Stream, given: list[NewRecord] | list[PutRecord]) -> list[Entry]:
    most = stream.state.max_record_kib * 1024
    entries = []
    for record in given:
        explicit = int(record.ExplicitHashKey) if record.ExplicitHashKey else None
        # A character of a key is 4 bytes at most.
        if len(record.Data) + 4 * len(record.PartitionKey) > most or (explicit or 0) >= HASH_KEYS:
            raise Unusual
        entries.append(Entry(record.PartitionKey, record.Data, explicit))
    return entries


def get_records(caller: Caller, request: GetRecords) -> object:
    """The answer of GetRecords."""
    now_ms = store.now_ms()
    place = iterators.read(request.ShardIterator, now_ms)
    stream = store.engine().get(place.account, caller.region, place.name)
    if stream.state.stream_id != place.stream_id:
        raise Unusual
    batch, ending = records.read(stream, place, request.Limit, now_ms)
    base, encrypted = stream.shard(place.shard).base, records.encryption_type(stream)
    found = [
        ReadRecord(
            sequence_number(base, ordinal, arrival_ms), arrival_ms / 1000, data, key, encrypted
        )
        for ordinal, arrival_ms, key, data in batch.records
    ]
    return {"Records": found, "MillisBehindLatest": batch.millis_behind, **ending}


def install() -> None:
    """Take the hot operations the short way from now on."""
    answers = {
        "Kinesis_20131202.PutRecord": _on_the_wire(PutRecord, put_record),
        "Kinesis_20131202.PutRecords": _on_the_wire(PutRecords, put_records),
        "Kinesis_20131202.GetRecords": _on_the_wire(GetRecords, get_records),
        "Kinesis_20131202.CreateStream": _on_the_wire(CreateStream, create_stream),
        "Kinesis_20131202.DescribeStreamSummary": _on_the_wire(
            DescribeStreamSummary, describe_stream_summary
        ),
    }
    register("kinesis", by_target("kinesis", JSON, answers))


def _on_the_wire(
    shape: Any, answer: Callable[[Caller, Any], object]
) -> Callable[[Caller, bytes], bytes | None]:
    decoder, encoder = msgspec.json.Decoder(shape), msgspec.json.Encoder()

    def answer_wire(caller: Caller, body: bytes) -> bytes | None:
        try:
            answered = answer(caller, decoder.decode(body))
            return b"" if answered is None else encoder.encode(answered)
        except (msgspec.DecodeError, Unusual, StreamError, CommonServiceException):
            return None

    return answer_wire
