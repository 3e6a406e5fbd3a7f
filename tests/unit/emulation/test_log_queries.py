"""Insights queries over stored events: results as AWS writes them, refusals with their place."""

import json

import pytest

from emulation.compute.logs.group_file import Span
from emulation.compute.logs.query_commands import compiled
from emulation.compute.logs.query_run import Run, Source
from emulation.compute.logs.query_text import MalformedQueryError
from emulation.compute.logs.shelf import Shelf

BASE = 1_790_000_000_000
REPORT = (
    "REPORT RequestId: 8f5e4a0e-1111-2222-3333-444455556666\tDuration: 12.34 ms\t"
    "Billed Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"
)
EVENTS = [
    json.dumps({"level": "ERROR", "took": 12.5, "user": {"id": "ann", "tags": ["x", "y"]}, "n": 1}),
    json.dumps({"level": "INFO", "took": 7, "user": {"id": "bob"}, "n": 10}),
    json.dumps({"level": "INFO", "took": 100, "user": {"id": "ann"}, "n": 2, "a.b": 5}),
    "user=carl, latency=25 ms",
    REPORT,
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    shelf = Shelf(folder)
    group = shelf.create(("0", "r", "g"))
    group.create_stream("s")
    group.append("s", [(BASE + n * 1000, text) for n, text in enumerate(EVENTS)])

    def run(query: str) -> list[dict[str, str]]:
        done = Run(compiled(query), [Source(group, "0:g", "g", Span())], folder)
        done.run()
        return [
            {cell["field"]: cell["value"] for cell in row if cell["field"] != "@ptr"}
            for row in done.rows
        ]

    yield run
    shelf.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "stats count(*) as c by bin(2s) as t | sort t",
            [
                {"t": "2026-09-21 14:13:20.000", "c": "2"},
                {"t": "2026-09-21 14:13:22.000", "c": "2"},
                {"t": "2026-09-21 14:13:24.000", "c": "1"},
            ],
        ),
        ("fields n | filter ispresent(n) | sort n", [{"n": "1"}, {"n": "2"}, {"n": "10"}]),
        ("fields user.tags.1 as tag | filter ispresent(tag)", [{"tag": "y"}]),
        ("filter `a.b` = 5 | fields took / 8 as x", [{"x": "12.5"}]),
        ("filter took / 0 > 1 | stats count(*) as n", [{"n": "0"}]),
        (
            "filter @type = 'REPORT' | display @duration, @maxMemoryUsed / 1000000 as mb",
            [{"@duration": "12.34", "mb": "60"}],
        ),
        (
            "stats pct(took, 50) as p, count_distinct(user.id) as users, stddev(n) as s",
            [{"p": "12.5", "users": "2", "s": "4.0277"}],
        ),
        ("stats latest(level) as l, earliest(took) as e", [{"l": "INFO", "e": "12.5"}]),
        (
            "filter @message like 'user=' | parse @message '*=*, latency=* ms' as a, b, c "
            "| display a, b, c",
            [{"a": "user", "b": "carl", "c": "25"}],
        ),
        ("# nothing but\nfilter level = 'ERROR' # this\n| fields level", [{"level": "ERROR"}]),
        ("filter level like /(?i)info/ and not (took > 50) | fields n", [{"n": "10"}]),
        ("filter strlen(level) = 5 | fields concat(level, '-', n) as x", [{"x": "ERROR-1"}]),
        ("filter took >= 7 and took < 12.6 | stats sum(took) as s", [{"s": "19.5"}]),
    ],
)  # fmt: skip
def test_query(ask, query, found):
    assert ask(query) == found


def test_latest_event_is_first_and_fields_that_are_not_there_are_left_out(ask):
    assert [row.get("level") for row in ask("fields level")] == [
        None,
        None,
        "INFO",
        "INFO",
        "ERROR",
    ]


@pytest.mark.parametrize(
    ("query", "message", "start", "end"),
    [
        ("feilds x", "unexpected symbol found feilds at line 1 and position 0", 0, 6),
        ("fields x\n| diff", "unexpected symbol found diff at line 2 and position 2", 11, 15),
        ("filter level = ", "unexpected symbol found <EOF> at line 1 and position 15", 15, 15),
        ("stats count(* by x", "unexpected symbol found by at line 1 and position 14", 14, 16),
        ("limit 0", "limit must be between 1 and 10000", 6, 7),
        ("parse 'a*b*' as x", "parse has 2 wildcards or groups and 1 names", 6, 17),
        ("fields nope(1)", "unknown function nope", 7, 12),
        ("filter count(*) > 1", "unknown function count", 7, 13),
        (r"parse /(?<a>x)(?=y)/", "lookaround and back-references are not emulated", 6, 20),
    ],
)
def test_refusal_has_its_place(query, message, start, end):
    with pytest.raises(MalformedQueryError) as refused:
        compiled(query)
    assert (str(refused.value), refused.value.start, refused.value.end) == (message, start, end)
