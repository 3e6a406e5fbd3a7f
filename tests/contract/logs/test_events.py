"""Events: written in batches, read by stream with tokens, and filtered over all streams."""

import signal

import pytest

from tests.contract.logs.conftest import now, texts
from tests.contract.refusals import refusal

DAY = 86_400_000


def test_tokens_go_on_in_both_directions_and_stay_at_the_ends(logs, group, write):
    write("a", "b", "c", "d", "e")
    place = {"logGroupName": group, "logStreamName": "s", "limit": 2}
    last = logs.get_log_events(**place)
    assert texts(last) == ["d", "e"]
    before = logs.get_log_events(**place, nextToken=last["nextBackwardToken"])
    assert texts(before) == ["b", "c"]
    again = logs.get_log_events(**place, nextToken=before["nextForwardToken"])
    assert texts(again) == ["d", "e"]
    end = logs.get_log_events(**place, nextToken=again["nextForwardToken"])
    assert texts(end) == []
    assert end["nextForwardToken"] == again["nextForwardToken"]
    write("f", at=now())
    assert texts(logs.get_log_events(**place, nextToken=end["nextForwardToken"])) == ["f"]
    head = logs.get_log_events(**place, startFromHead=True)
    assert texts(head) == ["a", "b"]
    start = logs.get_log_events(**place, nextToken=head["nextBackwardToken"])
    assert (texts(start), start["nextBackwardToken"]) == ([], head["nextBackwardToken"])


def test_empty_stream_gives_a_token_that_finds_what_comes(logs, group, write):
    place = {"logGroupName": group, "logStreamName": "s"}
    token = logs.get_log_events(**place)["nextForwardToken"]
    write("a")
    assert texts(logs.get_log_events(**place, nextToken=token)) == ["a"]


def test_end_time_is_left_out_of_a_stream_and_counts_in_a_filter(logs, group, write):
    start = write("a", "b", "c")
    span = {"startTime": start, "endTime": start + 1}
    read = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True, **span)
    assert texts(read) == ["a"]
    assert texts(logs.filter_log_events(logGroupName=group, **span)) == ["a", "b"]


def test_filter_reads_streams_together_in_the_order_of_time_page_by_page(logs, group, write):
    logs.create_log_stream(logGroupName=group, logStreamName="t")
    start = now() - 1000
    write("s1", at=start)
    write("t1", stream="t", at=start + 1)
    write("s2", at=start + 2)
    first = logs.filter_log_events(logGroupName=group, limit=2)
    rest = logs.filter_log_events(logGroupName=group, nextToken=first["nextToken"])
    assert texts(first) + texts(rest) == ["s1", "t1", "s2"]
    assert "nextToken" not in rest
    assert first["searchedLogStreams"] == []
    only = logs.filter_log_events(logGroupName=group, logStreamNames=["t"])
    assert [(e["logStreamName"], len(e["eventId"])) for e in only["events"]] == [("t", 56)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ERROR", ["ERROR disk full", '{"level": "ERROR", "n": 7}']),
        ("ERROR -disk", ['{"level": "ERROR", "n": 7}']),
        ("?disk ?took", ["ERROR disk full", "took 5 ms"]),
        ('"disk full"', ["ERROR disk full"]),
        ("%took [0-9]+%", ["took 5 ms"]),
        ('{ $.level = "ERR*" && $.n >= 7 }', ['{"level": "ERROR", "n": 7}']),
        ("{ $.gone NOT EXISTS }", ['{"level": "ERROR", "n": 7}']),
        ("[word = took, number > 4, unit]", ["took 5 ms"]),
    ],
)
def test_filter_pattern(logs, group, write, pattern, found):
    write("ERROR disk full", "took 5 ms", '{"level": "ERROR", "n": 7}')
    answer = logs.filter_log_events(logGroupName=group, filterPattern=pattern)
    assert texts(answer) == found


def test_too_old_and_too_new_events_are_rejected_and_the_others_kept(logs, group):
    times = [now() - 15 * DAY, now() - 15 * DAY + 1]
    place = {"logGroupName": group, "logStreamName": "s"}
    old = logs.put_log_events(
        **place, logEvents=[{"timestamp": t, "message": "old"} for t in times]
    )
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 2}
    mixed = [(now(), "kept"), (now() + DAY // 8, "new")]
    new = logs.put_log_events(**place, logEvents=[{"timestamp": t, "message": m} for t, m in mixed])
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert texts(logs.get_log_events(**place)) == ["kept"]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            (0, -5),
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            (-DAY - 1, 0),
            "The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours.",
        ),
    ],
)
def test_put_log_events_refuses_a_batch_in_aws_words(logs, group, times, message):
    events = [{"timestamp": now() + offset, "message": "x"} for offset in times]
    told = refusal(logs.put_log_events, logGroupName=group, logStreamName="s", logEvents=events)
    assert told == ("InvalidParameterException", message)


def test_put_log_events_refuses_more_than_a_mebibyte(logs, group):
    events = [{"timestamp": now(), "message": "x" * 600_000}] * 2
    assert refusal(
        logs.put_log_events, logGroupName=group, logStreamName="s", logEvents=events
    ) == (
        "InvalidParameterException",
        "Upload too large: 1200052 bytes exceeds limit of 1048576",
    )


@pytest.mark.parametrize(
    ("call", "members", "told"),
    [
        ("get_log_events", {"logStreamName": "no"}, "The specified log stream does not exist."),
        ("put_log_events", {"logStreamName": "no"}, "The specified log stream does not exist."),
        ("filter_log_events", {"logGroupName": "no"}, "The specified log group does not exist."),
    ],
)
def test_what_is_not_there(logs, group, call, members, told):
    if call == "put_log_events":
        members = members | {"logEvents": [{"timestamp": now(), "message": "x"}]}
    assert refusal(getattr(logs, call), **{"logGroupName": group, **members}) == (
        "ResourceNotFoundException",
        told,
    )


@pytest.mark.parametrize(
    ("call", "members", "message"),
    [
        (
            "get_log_events",
            {"logStreamName": "s", "nextToken": "x"},
            "The specified nextToken is invalid.",
        ),
        ("filter_log_events", {"nextToken": "invalid"}, "The specified nextToken is invalid."),
        (
            "filter_log_events",
            {"limit": 10001},
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: "
            "Member must have value less than or equal to 10000",
        ),
    ],
)
def test_reading_refuses_in_aws_words(logs, group, call, members, message):
    assert refusal(getattr(logs, call), logGroupName=group, **members) == (
        "InvalidParameterException",
        message,
    )


def test_everything_that_was_answered_is_there_after_a_kill(own_emulator):
    logs = own_emulator.aws("logs")
    logs.create_log_group(logGroupName="g", tags={"a": "b"})
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    events = [{"timestamp": now(), "message": f"line {n}"} for n in range(500)]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    logs = own_emulator.aws("logs")
    read = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)
    assert texts(read) == [f"line {n}" for n in range(500)]
    (found,) = logs.describe_log_groups()["logGroups"]
    assert (found["retentionInDays"], found["storedBytes"]) == (7, 500 * 26 + 3890)
    assert logs.list_tags_log_group(logGroupName="g")["tags"] == {"a": "b"}
