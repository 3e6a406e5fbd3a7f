"""Event patterns: what AWS's event ruler takes, and why it refuses."""

import pytest

from emulation.services.events.pattern_conditions import InvalidPatternError
from emulation.services.events.patterns import Pattern, compiled


def fits(pattern: dict, event: dict) -> bool:
    return Pattern.of(pattern).matches(event)


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("a", "a", True),
        (1, 1.0, True),
        (1, True, False),
        (None, None, True),
        ({"prefix": "ab"}, "abc", True),
        ({"prefix": {"equals-ignore-case": "AB"}}, "abc", True),
        ({"suffix": ".png"}, "a.jpg", False),
        ({"equals-ignore-case": "ALICE"}, "alice", True),
        ({"wildcard": "dir/*.png"}, "dir/.png", True),
        ({"wildcard": "a\\*"}, "ab", False),
        ({"numeric": [">", 0, "<=", 5]}, 5, True),
        ({"numeric": ["=", 5]}, "5", False),
        ({"cidr": "10.0.0.0/24"}, "10.0.1.1", False),
        ({"cidr": "2001:db8::/32"}, "2001:db8::1", True),
        ({"anything-but": ["a", "b"]}, "c", True),
        ({"anything-but": {"prefix": ["x", "y"]}}, "yes", False),
        ({"anything-but": {"wildcard": "*/lib/*"}}, "a/lib/b", False),
        ({"exists": True}, None, True),
    ],
)
def test_condition(condition, value, expected):
    assert fits({"detail": {"x": [condition]}}, {"detail": {"x": value}}) is expected


def test_absence_is_of_the_whole_path():
    assert fits({"a": {"b": [{"exists": False}]}}, {"a": {"c": 1}})
    assert not fits({"a": {"b": ["x", {"exists": False}]}}, {"a": {"b": "y"}})
    assert fits({"a": {"b": ["x", {"exists": False}]}}, {})
    assert not fits({"a": [{"anything-but": ["x"]}]}, {"b": "y"})


def test_array_matches_when_one_of_its_elements_does():
    assert fits({"tags": ["b"]}, {"tags": ["a", "b"]})
    assert not fits({"tags": [{"exists": True}]}, {"tags": []})


def test_what_is_asked_of_one_array_is_asked_of_one_element():
    pattern = {"rows": {"a": [1], "b": [2]}}
    assert not fits(pattern, {"rows": [{"a": 1, "b": 1}, {"a": 2, "b": 2}]})
    assert fits(pattern, {"rows": [{"a": 2, "b": 1}, {"a": 1, "b": 2}]})


def test_dot_in_a_name_is_a_step():
    assert fits({"a.b": ["x"]}, {"a": {"b": "x"}})
    assert fits({"a": {"b": ["x"]}}, {"a.b": "x"})


def test_or_is_of_alternatives_beside_the_rest():
    pattern = {"source": ["s"], "$or": [{"a": [1]}, {"b": [{"numeric": [">", 1]}]}]}
    assert fits(pattern, {"source": "s", "b": 2})
    assert not fits(pattern, {"source": "s", "b": 1})
    assert not fits(pattern, {"source": "t", "a": 1})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"a": 1}, '"a" must be an object or an array'),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": [{"numeric": 10}]}, "Value of numeric must be an array."),
        ({"a": [{"numeric": [">", 0, "<"]}]}, "Value of < must be numeric"),
        ({"a": [{"cidr": "bad"}]}, "Malformed CIDR, one '/' required"),
        ({"a": [{"cidr": "x.y/8"}]}, "Nonstandard IP address: x.y"),
        ({"a": [{"wildcard": "a**"}]}, "Consecutive wildcard characters at pos 2"),
        (
            {"a": [{"anything-but": None}]},
            "Value of anything-but must be an array or single string/number value.",
        ),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix not allowed"),
    ],
)
def test_refusal_has_the_reason(pattern, reason):
    with pytest.raises(InvalidPatternError, match="^") as refused:
        Pattern.of(pattern)
    assert str(refused.value) == reason


def test_text_that_is_no_json_is_refused():
    with pytest.raises(InvalidPatternError, match="line: 1"):
        compiled("{'a': 1}")
