"""Filter criteria: each of EventBridge's operators, and data that is not JSON."""

import json

import pytest

from emulation.services.lambda_.filter_patterns import Filters, compiled

EVENT = {
    "name": "Alice",
    "empty": "",
    "nothing": None,
    "yes": True,
    "count": 5,
    "price": 2.5,
    "file": "a/lib/x.PNG",
    "address": "10.0.0.7",
    "tags": ["red", "blue"],
    "inner": {"leaf": "v"},
    "none": [],
    "legs": [{"from": "JFK", "to": "LAX"}, {"from": "EWR", "to": "BOS"}],
}


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ({"name": ["Alice", "Bob"]}, True),
        ({"name": ["Bob"]}, False),
        ({"name": ["Alice"], "count": [5]}, True),
        ({"name": ["Alice"], "count": [6]}, False),
        ({"empty": [""]}, True),
        ({"nothing": [None]}, True),
        ({"absent": [None]}, False),
        ({"yes": [True]}, True),
        ({"yes": [1]}, False),
        ({"count": [{"numeric": ["=", 5]}]}, True),
        ({"count": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"price": [{"numeric": [">", 2.5]}]}, False),
        ({"yes": [{"numeric": ["=", 1]}]}, False),
        ({"name": [{"numeric": ["=", 5]}]}, False),
        ({"name": [{"prefix": "Al"}]}, True),
        ({"name": [{"prefix": {"equals-ignore-case": "aL"}}]}, True),
        ({"count": [{"prefix": {"equals-ignore-case": "5"}}]}, False),
        ({"file": [{"suffix": ".PNG"}]}, True),
        ({"file": [{"suffix": {"equals-ignore-case": ".png"}}]}, True),
        ({"name": [{"equals-ignore-case": "ALICE"}]}, True),
        ({"file": [{"wildcard": "*/lib/*"}]}, True),
        ({"name": [{"wildcard": "Alice*"}]}, True),
        ({"name": [{"wildcard": "Alic"}]}, False),
        ({"name": [{"wildcard": r"Alic\*"}]}, False),
        ({"address": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"address": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"name": [{"cidr": "10.0.0.0/24"}]}, False),
        ({"name": [{"exists": True}]}, True),
        ({"nothing": [{"exists": True}]}, True),
        ({"absent": [{"exists": False}]}, True),
        ({"absent": {"deep": [{"exists": False}]}}, True),
        ({"inner": [{"exists": True}]}, False),
        ({"name": [{"anything-but": "Bob"}]}, True),
        ({"name": [{"anything-but": ["Alice", "Bob"]}]}, False),
        ({"count": [{"anything-but": [5]}]}, False),
        ({"absent": [{"anything-but": "Bob"}]}, False),
        ({"name": [{"anything-but": {"prefix": "Al"}}]}, False),
        ({"name": [{"anything-but": {"prefix": ["Bo", "Ca"]}}]}, True),
        ({"file": [{"anything-but": {"suffix": ".png"}}]}, True),
        ({"name": [{"anything-but": {"equals-ignore-case": ["ALICE"]}}]}, False),
        ({"file": [{"anything-but": {"wildcard": "*/lib/*"}}]}, False),
        ({"tags": ["blue"]}, True),
        ({"tags": ["green"]}, False),
        ({"none": [{"exists": True}]}, False),
        ({"inner": {"leaf": ["v"]}}, True),
        ({"inner.leaf": ["v"]}, True),
        ({"inner": {"leaf": {"deeper": ["v"]}}}, False),
        ({"legs": {"from": ["JFK"], "to": ["LAX"]}}, True),
        ({"legs": {"from": ["JFK"], "to": ["BOS"]}}, False),
        ({"$or": [{"name": ["Bob"]}, {"count": [{"numeric": ["<", 9]}]}]}, True),
        ({"$or": [{"name": ["Bob"]}, {"count": [1]}], "yes": [True]}, False),
        ({}, True),
    ],
)
def test_pattern_holds_as_on_eventbridge(pattern, holds):
    assert compiled(pattern)(EVENT) is holds


@pytest.mark.parametrize(
    ("patterns", "data", "passes"),
    [
        ([{"data": {"type": ["planned"]}}], '{"type": "planned"}', True),
        ([{"data": {"type": ["planned"]}}], '{"type": "weather"}', False),
        ([{"data": {"type": ["planned"]}}], '"planned"', False),
        ([{"data": {"type": ["planned"]}}], "no json", False),
        ([{"partitionKey": ["k"]}], "no json", True),
        ([{"data": {"type": ["planned"]}}, {"partitionKey": ["k"]}], "no json", True),
        ([{"data": {"type": ["planned"]}, "partitionKey": ["other"]}], "no json", False),
    ],
)
def test_record_passes_one_of_the_filters(patterns, data, passes):
    assert Filters(patterns).passes({"partitionKey": "k"}, data.encode()) is passes


def test_data_that_is_no_text_passes_no_filter_on_data():
    assert not Filters([{"data": {"a": [1]}}]).passes({}, b"\xff")


def test_no_filters_are_known_as_such():
    assert not Filters([])
    assert Filters([json.loads('{"data": {"a": [1]}}')])
