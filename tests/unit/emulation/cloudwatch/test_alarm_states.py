"""What alarms make of data points, by the tables of AWS's own documentation."""

import pytest

from emulation.compute.metrics.alarm_states import Point, Rule, judge

STATES = {"OK": "OK", "ALARM": "ALARM", "INSUFFICIENT": "INSUFFICIENT_DATA", "STAY": None}

THREE_OF_THREE = [
    ("0 - X - X", "OK OK OK OK"),
    ("0 - - - -", "OK OK OK OK"),
    ("- - - - -", "INSUFFICIENT STAY ALARM OK"),
    ("0 X X - X", "ALARM ALARM ALARM ALARM"),
    ("- - - - X", "INSUFFICIENT STAY ALARM OK"),
    ("X - - - -", "ALARM STAY ALARM OK"),
]
TWO_OF_THREE = [
    ("0 - X - X", "ALARM ALARM ALARM ALARM"),
    ("0 0 X 0 X", "ALARM ALARM ALARM ALARM"),
    ("0 - X - -", "OK OK ALARM OK"),
    ("- - - - 0", "OK OK ALARM OK"),
    ("- - - - X", "INSUFFICIENT STAY ALARM OK"),
]
CASES = [
    (to_alarm, points, treatment, state)
    for to_alarm, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for points, states in table
    for treatment, state in zip(
        ("missing", "ignore", "breaching", "notBreaching"), states.split(), strict=True
    )
]


def retrieved(text):
    """The latest first, as an alarm retrieves them."""
    values = {"0": 0.0, "X": 9.0}
    points = [
        Point(60 * at, values[mark]) if mark in values else None
        for at, mark in enumerate(text.split())
    ]
    return points[::-1]


@pytest.mark.parametrize(("to_alarm", "points", "treatment", "state"), CASES)
def test_state_is_that_of_the_documentation(to_alarm, points, treatment, state):
    rule = Rule("GreaterThanThreshold", 3, to_alarm, treatment, threshold=5.0)
    verdict = judge(rule, retrieved(points))
    assert (verdict.state if verdict else None) == STATES[state]


def test_reason_is_awss_sentence():
    rule = Rule("GreaterThanThreshold", 1, 1, "missing", threshold=50.0)
    verdict = judge(rule, [Point(1570035540, 99.50160229693434)])
    assert verdict.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (02/10/19 16:59:00)]"
        " was greater than the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )


def test_reason_of_a_band_names_its_bounds():
    rule = Rule("LessThanLowerOrGreaterThanUpperThreshold", 1, 1)
    verdict = judge(rule, [Point(1570118280, 0.0, upper=0.3, lower=0.02)])
    assert verdict.reason == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (03/10/19 15:58:00)] was less "
        "than the lower thresholds [0.02] or greater than the upper thresholds [0.3] (minimum 1 "
        "datapoint for OK -> ALARM transition)."
    )


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanUpperThreshold", 3.0, "ALARM"),
        ("GreaterThanUpperThreshold", -3.0, "OK"),
        ("LessThanLowerThreshold", -3.0, "ALARM"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 0.0, "OK"),
    ],
)
def test_band_is_left_on_the_side_that_is_watched(comparison, value, state):
    verdict = judge(Rule(comparison, 1, 1), [Point(0, value, upper=1.0, lower=-1.0)])
    assert verdict.state == state


def test_reason_of_missing_data_says_how_much_and_as_what():
    rule = Rule("LessThanThreshold", 2, 2, "breaching", threshold=1.0)
    assert judge(rule, [None] * 4).reason == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
        "were treated as [Breaching]."
    )
