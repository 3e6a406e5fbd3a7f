"""Insights: queries over the stored events, refused with the place where they cannot be read."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.contract.logs.conftest import now
from tests.contract.refusals import refusal


@pytest.fixture
def ask(logs, group, write, waiting):
    """`ask("stats count(*)")`: the rows of a query over six events, without their pointers."""
    write(
        json.dumps({"level": "ERROR", "took": 12.5, "user": {"id": "ann"}}),
        json.dumps({"level": "INFO", "took": 7, "user": {"id": "bob"}}),
        json.dumps({"level": "INFO", "took": 100, "user": {"id": "ann"}}),
        "user=carl, latency=25 ms",
        "user=dora, latency=5 ms",
        "plain",
        at=now() - 1000,
    )

    def run(query: str, **members) -> dict:
        span = {"startTime": int(time.time()) - 60, "endTime": int(time.time()) + 1}
        where = members or {"logGroupName": group}
        asked = {**where, **span, "queryString": query}
        started = logs.start_query(**asked)["queryId"]

        def ended():
            answer = logs.get_query_results(queryId=started)
            return answer if answer["status"] not in ("Scheduled", "Running") else None

        answer = waiting("the query", ended)
        assert answer["status"] == "Complete"
        return answer

    return run


def rows(answer: dict) -> list[dict]:
    return [
        {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
        for row in answer["results"]
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "fields level, took | filter level = 'INFO' | sort took desc",
            [{"level": "INFO", "took": "100"}, {"level": "INFO", "took": "7"}],
        ),
        (
            "stats count(*) as n, avg(took) by user.id | sort n desc | limit 1",
            [{"n": "3"}],
        ),
        (
            "filter ispresent(took) | stats avg(took), max(took) as most by user.id | sort most",
            [
                {"user.id": "bob", "avg(took)": "7", "most": "7"},
                {"user.id": "ann", "avg(took)": "56.25", "most": "100"},
            ],
        ),
        (
            "parse @message 'user=*, latency=* ms' as u, l | filter l > 9 | display u, l * 2 as d",
            [{"u": "carl", "d": "50"}],
        ),
        (
            r"parse @message /latency=(?<lat>\d+)/ | stats sum(lat) as total",
            [{"total": "30"}],
        ),
        (
            "filter @message like /user=/ and @message not like 'carl' | fields @message",
            [{"@message": "user=dora, latency=5 ms"}],
        ),
        ("filter level in ['ERROR', 'WARN'] | fields user.id", [{"user.id": "ann"}]),
        (
            "filter ispresent(user.id) | sort @timestamp asc | dedup user.id | fields took",
            [{"took": "12.5"}, {"took": "7"}],
        ),
        ("stats count(*) as n by bin(1h) | stats sum(n) as all", [{"all": "6"}]),
    ],
)
def test_query(ask, query, found):
    assert rows(ask(query)) == found


def test_statistics_are_of_what_was_read_and_matched(ask, logs, group):
    answer = ask("filter level = 'INFO' | limit 1")
    size = sum(len(e["message"]) for e in logs.filter_log_events(logGroupName=group)["events"])
    assert len(answer["results"]) == 1
    assert answer["statistics"] == {
        "recordsMatched": 2.0,
        "recordsScanned": 6.0,
        "bytesScanned": float(size),
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": 1.0,
    }


def test_pointer_of_a_row_leads_to_its_record(ask, logs):
    (row,) = ask("filter level = 'ERROR'")["results"]
    assert [cell["field"] for cell in row] == ["@timestamp", "@message", "@ptr"]
    record = logs.get_log_record(logRecordPointer=row[-1]["value"])["logRecord"]
    assert (record["@logStream"], record["user.id"], record["took"]) == ("s", "ann", "12.5")


def test_groups_are_asked_together(ask, logs, group, unique):
    other = f"{unique}-b"
    logs.create_log_group(logGroupName=other)
    logs.create_log_stream(logGroupName=other, logStreamName="s")
    events = [{"timestamp": now(), "message": "there"}]
    logs.put_log_events(logGroupName=other, logStreamName="s", logEvents=events)
    query = "stats count(*) as n by @log | sort n"
    assert rows(ask(query, logGroupNames=[group, other])) == [
        {"@log": f"000000000000:{other}", "n": "1"},
        {"@log": f"000000000000:{group}", "n": "6"},
    ]
    logs.delete_log_group(logGroupName=other)


def test_fields_that_were_discovered(ask, logs, group):
    ask("limit 1")
    found = logs.get_log_group_fields(logGroupName=group)["logGroupFields"]
    percent = {field["name"]: field["percent"] for field in found}
    assert (percent["@message"], percent["took"]) == (100, 50)


def test_queries_are_described_with_what_they_were_asked(ask, logs, group):
    ask("limit 1")
    (query,) = logs.describe_queries(logGroupName=group, status="Complete")["queries"]
    assert query["queryString"].startswith(f'SOURCE "{group}" START=')
    assert query["queryString"].endswith(" | limit 1")
    assert refusal(logs.stop_query, queryId=query["queryId"]) == (
        "InvalidParameterException",
        f"Provided query with Id {query['queryId']} is not running.",
    )


@pytest.mark.parametrize(
    ("query", "message", "start"),
    [
        (
            "fields @timestamp | pattern @message",
            "unexpected symbol found pattern at line 1 and position 20",
            20,
        ),
        ("filter level =", "unexpected symbol found <EOF> at line 1 and position 14", 14),
        ("fields nope(1)", "unknown function nope", 7),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(logs, group, query, message, start):
    with pytest.raises(ClientError) as refused:
        logs.start_query(logGroupName=group, startTime=0, endTime=1, queryString=query)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (
        "MalformedQueryException",
        message,
    )
    assert answer["queryCompileError"]["location"]["startCharOffset"] == start


def test_group_that_is_not_there(logs):
    told = refusal(
        logs.start_query, logGroupName="none", startTime=0, endTime=1, queryString="limit 1"
    )
    assert told[0] == "ResourceNotFoundException"
    assert told[1].startswith("Log group 'none' does not exist for account ID '000000000000'")


def test_live_tail_is_refused_by_name(aws):
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
    with pytest.raises(ClientError) as refused:
        aws("logs", inject_host_prefix=False).start_live_tail(logGroupIdentifiers=[arn])
    assert refused.value.response["Error"]["Message"] == "logs.StartLiveTail is not emulated"
