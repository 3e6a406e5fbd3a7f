"""Queries of log widgets, on a Logs in memory."""

import pytest

from emulation.compute.metrics.series import Span
from emulation.services.cloudwatch.log_queries import QueryFailed, run, split


class Logs:
    """Answers a query at the second look."""

    def __init__(self, status="Complete"):
        self.status = status
        self.asked = {}
        self.looks = 0

    def start_query(self, **request):
        self.asked = request
        return {"queryId": "q"}

    def get_query_results(self, queryId):
        self.looks += 1
        row = [{"field": "@message", "value": "hello"}, {"field": "@ptr", "value": "x"}]
        return {"status": "Running" if self.looks < 2 else self.status, "results": [row]}


def test_query_is_asked_of_its_groups_and_time():
    logs = Logs()
    found = run(logs, "SOURCE '/a', \"/b\" | SOURCE '/c' | fields @message", Span(1, 2))
    assert found == [{"@message": "hello"}]
    assert logs.asked["logGroupNames"] == ["/a", "/b", "/c"]
    assert logs.asked["queryString"] == "fields @message"
    assert (logs.asked["startTime"], logs.asked["endTime"]) == (1, 2)


def test_query_that_fails_says_so():
    with pytest.raises(QueryFailed, match="The query is Failed"):
        run(Logs("Failed"), "SOURCE '/a' | fields @message", Span(1, 2))


def test_query_without_a_group_is_not_asked():
    assert split("fields @message") == ([], "fields @message")
    with pytest.raises(QueryFailed, match="names no log group"):
        run(Logs(), "fields @message", Span(1, 2))
