"""Insights queries: each runs in a thread of its own, two at a time, and is kept for who asks.

What cannot be read is refused at once, with its place; nothing of a query is passed over.
"""

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field

from emulation.compute.logs.group_file import LAST, Span
from emulation.compute.logs.query_commands import MAX_LIMIT, compiled
from emulation.compute.logs.query_run import QueryFailedError, Run, Source
from emulation.compute.logs.query_text import MalformedQueryError as Malformed
from emulation.services.logs import errors, retention, store
from emulation.services.logs.definitions import LANGUAGE
from emulation.services.logs.groups import BAD_TOKEN
from emulation.services.logs.store import Members
from emulation.services.paging import page
from emulation.services.scope import Scope
from emulation.settings import settings

KEPT = 500
"""Queries that are remembered; on AWS those of a week."""
MILLISECONDS = 100_000_000_000
"""A time from here on is in ms, one before in s."""
ENDED = ("Complete", "Failed", "Cancelled", "Timeout")

SLOTS = threading.Semaphore(2)


@dataclass
class Query:
    """A query that was started."""

    scope: Scope
    request: Members
    groups: list[str]
    run: Run
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Scheduled"
    created: int = field(default_factory=lambda: int(time.time() * 1000))

    def carry_out(self) -> None:
        """Run, when there is a slot, and say how it ended."""
        with SLOTS:
            if not self.run.stopped.is_set():
                self.status = "Running"
                try:
                    self.run.run()
                except (QueryFailedError, FileNotFoundError):
                    self.status = "Failed"
                    return
        self.status = "Cancelled" if self.run.stopped.is_set() else "Complete"


_queries: OrderedDict[str, Query] = OrderedDict()
_lock = threading.Lock()


def start(scope: Scope, request: Members) -> Members:
    """StartQuery."""
    if request.get("queryLanguage") not in (None, LANGUAGE):
        language = request["queryLanguage"]
        raise NotImplementedError(f"logs.StartQuery in {language} is not emulated")
    groups = _groups(request)
    sources = [_source(scope, name, request) for name in groups]
    try:
        query = compiled(request["queryString"], request.get("limit") or MAX_LIMIT)
    except Malformed as error:
        raise errors.MalformedQueryError(str(error), error.start, error.end) from error
    started = Query(scope, request, groups, Run(query, sources, settings().folder("tmp")))
    with _lock:
        _queries[started.identifier] = started
        while len(_queries) > KEPT:
            _queries.popitem(last=False)
    threading.Thread(target=started.carry_out, name=f"query-{started.identifier}").start()
    return {"queryId": started.identifier}


def _groups(request: Members) -> list[str]:
    given = [
        [request["logGroupName"]] if request.get("logGroupName") else None,
        request.get("logGroupNames"),
        request.get("logGroupIdentifiers"),
    ]
    named = [names for names in given if names]
    if len(named) != 1:
        raise errors.invalid(
            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."
        )
    return [store.identified(name) for name in named[0]]


def _source(scope: Scope, name: str, request: Members) -> Source:
    file = store.shelf().get((scope.account, scope.region, name))
    if file is None:
        raise errors.not_found(
            f"Log group '{name}' does not exist for account ID '{scope.account}' "
            "(Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; "
            f"Request ID: {uuid.uuid4()}; Proxy: null)"
        )
    start, end = _milliseconds(request["startTime"], 0), _milliseconds(request["endTime"], 999)
    if end < start:
        raise errors.invalid("Query's end date and time must be after its start date and time.")
    span = Span(max(retention.oldest(file), (start, -1)), min(LAST, (end + 1, -1)))
    return Source(file, f"{scope.account}:{name}", store.arn(scope, name), span)


def _milliseconds(given: int, rest: int) -> int:
    return given if given >= MILLISECONDS else given * 1000 + rest


def _find(scope: Scope, request: Members) -> Query:
    with _lock:
        found = _queries.get(request["queryId"])
    if found is None or found.scope != scope:
        raise errors.not_found(f"Query {request['queryId']} does not exist.")
    return found


def results(scope: Scope, request: Members) -> Members:
    """GetQueryResults: what has been found, and of how much."""
    query = _find(scope, request)
    run, status = query.run, query.status
    return {
        "queryLanguage": LANGUAGE,
        "results": run.rows if status == "Complete" else [],
        "statistics": {
            "recordsMatched": float(run.matched),
            "recordsScanned": float(run.scanned),
            "bytesScanned": float(run.size),
            "estimatedRecordsSkipped": 0.0,
            "estimatedBytesSkipped": 0.0,
            "logGroupsScanned": float(len(query.groups)),
        },
        "status": status,
    }


def stop(scope: Scope, request: Members) -> Members:
    """StopQuery: of one that has not ended."""
    query = _find(scope, request)
    if query.status in ENDED:
        raise errors.invalid(f"Provided query with Id {query.identifier} is not running.")
    query.run.stop()
    return {"success": True}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeQueries, the latest first."""
    with _lock:
        queries = [query for query in reversed(_queries.values()) if query.scope == scope]
    wanted = [
        query
        for query in queries
        if request.get("status") in (None, query.status)
        and (request.get("logGroupName") or query.groups[0]) in query.groups
    ]
    names = ("nextToken", "maxResults")
    found, token = page(request, wanted, errors.invalid(BAD_TOKEN), size=1000, names=names)
    return {"queries": [_described(query) for query in found], **token}


def _described(query: Query) -> Members:
    request = query.request
    sources = ", ".join(f'"{name}"' for name in query.groups)
    span = f"START={_milliseconds(request['startTime'], 0)}"
    span += f" END={_milliseconds(request['endTime'], 999)}"
    return {
        "queryLanguage": LANGUAGE,
        "queryId": query.identifier,
        "queryString": f"SOURCE {sources} {span} | {request['queryString']}",
        "status": query.status,
        "createTime": query.created,
        "logGroupName": query.groups[0],
    }


def list_groups(scope: Scope, request: Members) -> Members:
    """ListLogGroupsForQuery."""
    query = _find(scope, request)
    names = ("nextToken", "maxResults")
    found, token = page(request, query.groups, errors.invalid(BAD_TOKEN), size=50, names=names)
    return {"logGroupIdentifiers": found, **token}
