"""The rules of composite alarms."""

import pytest

from emulation.compute.metrics.alarm_rules import RuleError, parse

STATES = {"a": "ALARM", "b c": "OK", "arn:aws:cloudwatch:r:0:alarm:d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ("OK(a)", False),
        ('OK("b c")', True),
        ("INSUFFICIENT_DATA('arn:aws:cloudwatch:r:0:alarm:d')", True),
        ("NOT ALARM(a)", False),
        ("TRUE AND NOT FALSE", True),
        ("FALSE AND FALSE OR TRUE", True),
        ("FALSE AND (FALSE OR TRUE)", False),
        ('ALARM(a) AND (NOT OK(a) OR ALARM("b c"))', True),
        ("ALARM(gone)", False),
        ("NOT(ALARM(a))", False),
    ],
)
def test_rule_holds(rule, holds):
    assert parse(rule).holds(STATES.get) is holds


def test_rule_knows_its_alarms_once_each():
    assert parse('ALARM(a) OR OK("b c") OR OK(a)').alarms == ("a", "b c")


@pytest.mark.parametrize(
    "rule", ["", "ALARM", "ALARM()", "ALARM(a", "ALARM(a) AND", "alarm(a)", "ALARM(a) OK(a)", "()"]
)
def test_text_that_is_no_rule(rule):
    with pytest.raises(RuleError):
        parse(rule)
