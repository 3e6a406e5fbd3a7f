"""Filter criteria: the operators, and data of another form than the filter's."""

import json

import pytest


def criteria(*patterns: dict) -> dict:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


def test_filter_lets_matching_records_through_unchanged(function, stream, put, mapping, arrived):
    put('{"type":  "weather"}', "no json", '{"type":  "planned"}')
    mapping(function(), stream, FilterCriteria=criteria({"data": {"type": ["planned"]}}))
    assert arrived(1) == ['{"type":  "planned"}']


@pytest.mark.parametrize(
    "condition",
    [
        {"n": [{"numeric": [">", 1, "<=", 2]}]},
        {"s": [{"prefix": {"equals-ignore-case": "YE"}}]},
        {"s": [{"wildcard": "y*s"}]},
        {"s": [{"anything-but": {"suffix": "o"}}]},
        {"ip": [{"cidr": "10.0.0.0/8"}]},
        {"$or": [{"n": [7]}, {"absent": [{"exists": False}], "s": ["yes"]}]},
    ],
)
def test_operators_are_those_of_eventbridge(function, stream, put, mapping, arrived, condition):
    no = {"n": 1, "s": "no", "ip": "11.0.0.1", "absent": 1}
    yes = {"n": 2, "s": "yes", "ip": "10.1.2.3"}
    put(json.dumps(no), json.dumps(yes), json.dumps(no))
    mapping(function(), stream, FilterCriteria=criteria({"data": condition}))
    assert arrived(1) == [json.dumps(yes)]


def test_filtered_records_are_not_read_again(function, stream, put, mapping, arrived, aws, waiting):
    put('{"a": 1}')
    uuid = mapping(function(), stream, FilterCriteria=criteria({"data": {"a": [2]}}))
    put('{"a": 2}')
    assert arrived(1) == ['{"a": 2}']
    client = aws("lambda")
    client.update_event_source_mapping(UUID=uuid, FilterCriteria={"Filters": []})
    put('{"a": 3}')
    assert arrived(2) == ['{"a": 2}', '{"a": 3}']


@pytest.mark.parametrize(
    "pattern",
    ['{"data": ["text"]}', "no json", '{"data": {"a": []}}', '{"data": {"a": [{"x": 1}]}}'],
)
def test_pattern_that_is_none_is_refused(function, refused, pattern):
    assert refused(function(), FilterCriteria={"Filters": [{"Pattern": pattern}]}) == (
        "InvalidParameterValueException",
        "Invalid filter pattern definition.",
    )
