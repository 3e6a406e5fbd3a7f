"""Queries of log widgets, carried out by CloudWatch Logs Insights where the gateway has it."""

import re
import time
from typing import Any

from emulation.compute.metrics.series import Span

SOURCE = re.compile(
    r"\s*SOURCE\s+((?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*)\s*(?:\||$)"
)
LONGEST_SECONDS = 10.0
LOOK_SECONDS = 0.1
ROWS = 100


class QueryFailed(ValueError):
    """A query that gives no rows, with the reason."""


def run(logs: Any, text: str, span: Span) -> list[dict[str, str]]:
    """The rows of a query by field; `logs` is a client.

    Raises:
        QueryFailed: it is none, or takes too long.
        ClientError: Logs refuses it.
    """
    groups, query = split(text)
    if not groups:
        raise QueryFailed("The query names no log group: SOURCE 'name' is expected")
    started = logs.start_query(
        logGroupNames=groups,
        queryString=query,
        startTime=span.start,
        endTime=span.end,
        limit=ROWS,
    )
    return rows(logs, started["queryId"])


def split(text: str) -> tuple[list[str], str]:
    """The log groups that a query begins with, and the rest of it."""
    groups: list[str] = []
    while match := SOURCE.match(text):
        groups += [quoted[1:-1] for quoted in re.findall(r"'[^']*'|\"[^\"]*\"", match[1])]
        text = text[match.end() :]
    return groups, text.strip()


def rows(logs: Any, query_id: str) -> list[dict[str, str]]:
    """What the query finds, once it is done."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        answer = logs.get_query_results(queryId=query_id)
        if answer["status"] == "Complete":
            return [
                {each["field"]: each["value"] for each in row if each["field"] != "@ptr"}
                for row in answer["results"]
            ]
        if answer["status"] not in {"Scheduled", "Running"}:
            raise QueryFailed(f"The query is {answer['status']}")
        time.sleep(LOOK_SECONDS)
    raise QueryFailed("The query takes too long")
