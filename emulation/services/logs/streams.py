"""Log streams: made, described, deleted."""

from operator import attrgetter

from emulation.compute.logs.group_file import Stream, StreamNotFoundError
from emulation.services.logs import errors, store
from emulation.services.logs.groups import BAD_TOKEN, LIMIT, NAMES
from emulation.services.logs.store import Members
from emulation.services.paging import page
from emulation.services.scope import Scope

BY_NAME, BY_TIME = "LogStreamName", "LastEventTime"


def create(scope: Scope, request: Members) -> None:
    """CreateLogStream."""
    file = store.find(scope, request["logGroupName"])
    if not file.create_stream(request["logStreamName"]):
        raise errors.exists("The specified log stream already exists")


def delete(scope: Scope, request: Members) -> None:
    """DeleteLogStream: its events go with it."""
    file = store.find(scope, request["logGroupName"])
    try:
        file.delete_stream(request["logStreamName"])
    except StreamNotFoundError as error:
        raise errors.not_found(errors.STREAM) from error


def describe(scope: Scope, request: Members) -> Members:
    """DescribeLogStreams, by name or by the time of the last event."""
    name = store.name_of(request)
    file = store.find(scope, name)
    order, prefix = request.get("orderBy") or BY_NAME, request.get("logStreamNamePrefix") or ""
    if order == BY_TIME and prefix:
        raise errors.invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = [stream for stream in file.streams() if stream.name.startswith(prefix)]
    key = attrgetter("name") if order == BY_NAME else _last
    streams.sort(key=key, reverse=bool(request.get("descending")))
    wanted, token = page(request, streams, errors.invalid(BAD_TOKEN), size=LIMIT, names=NAMES)
    return {"logStreams": [_record(scope, name, stream) for stream in wanted], **token}


def _last(stream: Stream) -> tuple[int, str]:
    return stream.last or 0, stream.name


def _record(scope: Scope, group: str, stream: Stream) -> Members:
    record: Members = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": f"{store.arn(scope, group)}:log-stream:{stream.name}",
        # Of streams AWS tells no size since 2019.
        "storedBytes": 0,
    }
    if stream.last is not None:
        record |= {
            "firstEventTimestamp": stream.first,
            "lastEventTimestamp": stream.last,
            "lastIngestionTime": stream.ingested,
            "uploadSequenceToken": sequence_token(stream.ingested or 0),
        }
    return record


def sequence_token(number: int) -> str:
    """A token that nobody needs any more: 56 digits, as AWS gives it."""
    return f"{49_000_000_000_000_000_000 + number:056d}"
