"""Which statements only read, how fast counts grow, and who is told what changed."""

import asyncio
import json
from contextlib import aclosing

import pytest

from api.core.console.feed import Feed
from api.core.console.rates import Growth
from api.core.console.statement import RefusedStatementError, checked

READING = [
    "select 1",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "(select 1) union (select 2);",
    "-- into\nselect 'delete; from' as \"update\" /* insert */ ; ",
    "select deleted_at, into_port from t",
]
WRITING = {
    "": "There is no statement.",
    "vacuum": "this begins with vacuum",
    "select 1; select 2": "a semicolon inside",
    "select * into copied from t": "INTO writes",
    "with a as (select 1) delete from t": "DELETE writes",
    "select 'a\\'; drop table t; --'": "A backslash",
    "/* /* */ ' */ ; drop table t; --'": "A comment inside a comment",
    "select $$ ' $$": "dollar signs",
    "select 'a": "never closed",
    'select "PG_TERMINATE_BACKEND"(1)': "no function of a query",
    "select " + "1" * 10_000: "at most 10,000 characters",
}


def test_statements_that_read_are_sent():
    sent = [checked(statement) for statement in READING]
    assert sent[2] == "(select 1) union (select 2)"
    assert [one[:6].lower() for one in sent[:2]] == ["select", "with a"]


def test_other_statements_are_refused_with_the_reason():
    told = {}
    for statement in WRITING:
        with pytest.raises(RefusedStatementError) as refused:
            checked(statement)
        told[statement] = str(refused.value)
    assert [text for text in WRITING if WRITING[text] not in told[text]] == []


def test_growth_is_that_of_two_minutes_and_starts_anew_when_the_count_falls():
    growth = Growth()
    growth.note(0, 100)
    assert growth.per_second is None
    for at, value in [(60, 160), (60, 160), (120, 400), (200, 400)]:
        growth.note(at, value)
    assert growth.per_second == (400 - 160) / (200 - 60)
    growth.note(210, 10)
    assert growth.per_second is None


class Told:
    """A feed over values that a test sets; it counts how often they are read."""

    def __init__(self):
        self.values = {"a": 1, "b": 1}
        self.reads = 0
        self.feed = Feed(self.read, 0.001, heartbeat=5)

    def read(self):
        self.reads += 1
        return dict(self.values)


async def heard(watching, count):
    """Topics, ids and values of the next events."""
    found = []
    async for text in watching:
        lines = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
        if len(found) == count:
            return found
    return found


def test_who_watches_hears_everything_and_then_what_changes():
    async def story():
        told = Told()
        async with aclosing(told.feed.watch()) as watching:
            first = await heard(watching, 2)
            told.values["b"] = 2
            return first, await heard(watching, 1)

    first, then = asyncio.run(story())
    assert [(name, value) for name, _, value in first] == [("a", 1), ("b", 1)]
    assert [(name, value) for name, _, value in then] == [("b", 2)]


def test_who_comes_back_hears_only_what_changed_since():
    async def story():
        told = Told()
        async with aclosing(told.feed.watch()) as staying, aclosing(told.feed.watch()) as leaving:
            (_, last, _) = (await heard(leaving, 2))[-1]
            await heard(staying, 2)
            told.values["a"] = 7
            await heard(staying, 1)
            async with aclosing(told.feed.watch(last)) as back:
                return await heard(back, 1)

    ((name, _, value),) = asyncio.run(story())
    assert (name, value) == ("a", 7)


def test_one_reader_for_all_and_none_when_nobody_watches():
    async def story():
        told = Told()
        async with aclosing(told.feed.watch()) as one, aclosing(told.feed.watch()) as other:
            await heard(one, 2)
            await heard(other, 2)
            reader = told.feed._reader
        await reader
        return told.feed.watchers, reader.exception(), told.reads

    watchers, error, reads = asyncio.run(story())
    assert (watchers, error) == (0, None)
    assert reads >= 1


def test_closing_lets_everybody_go():
    async def story():
        told = Told()
        async with aclosing(told.feed.watch()) as watching:
            await heard(watching, 2)
            told.feed.close()
            return [text async for text in watching]

    assert asyncio.run(story()) == []


def test_reader_that_fails_ends_the_connection_instead_of_pretending():
    async def story():
        feed = Feed(lambda: 1 / 0, 0.001, heartbeat=5)
        async with aclosing(feed.watch()) as watching:
            return await heard(watching, 1)

    assert asyncio.run(story()) == []
