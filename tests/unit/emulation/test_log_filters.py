"""Filter patterns of CloudWatch Logs: which messages they take, and what they find in them."""

import pytest

from emulation.compute.logs.filter_pattern import compiled
from emulation.compute.logs.filter_words import InvalidFilterError

ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("", "anything", True),
        ("ERROR", "an [ERROR 400]", True),
        ("ERROR", "an error", False),
        ("ERROR ARGUMENTS", "ERROR in ARGUMENTS", True),
        ("ERROR ARGUMENTS", "ERROR", False),
        ("?ERROR ?WARN", "WARN", True),
        ("?ERROR ?WARN", "INFO", False),
        ("ERROR -ARGUMENTS", "ERROR in ARGUMENTS", False),
        ('"SERVER ERROR"', "a SERVER ERROR", True),
        ('"SERVER ERROR"', "ERROR SERVER", False),
        ("%5[0-9]{2}%", "status 503", True),
        ('{ $.type = "Update*" }', '{"type": "UpdateTrail"}', True),
        ("{ $.ip != 10.0.* }", '{"ip": "10.0.1.2"}', False),
        ("{ $.ip != 10.0.* }", '{"other": 1}', False),
        ("{$.list[0].n >= 1.5}", '{"list": [{"n": 2}]}', True),
        ("{ $.list[*].k = z }", '{"list": [{"k": "y"}, {"k": "z"}]}', True),
        ("{ $.flag IS TRUE }", '{"flag": true}', True),
        ("{ $.flag IS NULL }", '{"flag": false}', False),
        ("{ $.gone NOT EXISTS }", '{"there": 1}', True),
        ("{ ($.a = 1 && $.b = 2) || $.c = 3 }", '{"a": 1, "b": 9, "c": 3}', True),
        ("{ $.text = %ab+c% }", '{"text": "xabbc"}', True),
        ("{ $.a = 1 }", "no json", False),
        ("[ip, user, name, time, request = *.html*, status = 4*, size]", ACCESS, True),
        ("[..., status = 4*, size > 2000]", ACCESS, False),
        ("[w1 != ERROR && w1 != WARN, w2]", "INFO x", True),
        ("[w1 != ERROR && w1 != WARN, w2]", "WARN x", False),
        ("[a, b = 1 || b = 2, c]", "x 2 y", True),
        ("[a, b]", "x y z", False),
        ("[ip, (status = 404 || status = 410)]", "1.1.1.1 410", True),
    ],
)
def test_pattern(pattern, message, expected):
    assert (compiled(pattern).find(message) is not None) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a",
        "{ $.a = }",
        "{ a = 1 }",
        "[a, b",
        '{ $.a > "x" }',
        "{ $.a = 1 && }",
        "[..., a, ...]",
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(InvalidFilterError):
        compiled(pattern)


def test_fields_that_were_found():
    assert compiled("[ip, ..., size > 1]").find("1.1.1.1 x y 55") == {
        "$ip": "1.1.1.1",
        "$size": "55",
    }
    assert compiled("{ $.a.b > 0 }").find('{"a": {"b": 5}}') == {"$.a.b": 5}


def test_value_of_a_selector():
    assert compiled("[ip, size]").value("1.1.1.1 55", "$size") == "55"
    assert compiled("{ $.a = * }").value('{"a": 1, "took": 2.5}', "$.took") == 2.5
