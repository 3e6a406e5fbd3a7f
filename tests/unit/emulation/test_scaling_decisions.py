"""How much a scaling policy wants."""

import pytest

from emulation.services.application_autoscaling.deciding import adjustment, stepped, tracked

STEPS = [
    {"MetricIntervalUpperBound": -10, "ScalingAdjustment": -2},
    {"MetricIntervalLowerBound": -10, "MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 2},
]


def test_a_tracked_metric_gets_the_capacity_that_brings_it_to_its_target():
    assert [tracked(4, value, 50) for value in (25, 50, 51, 100)] == [2, 4, 5, 8]


def test_the_bound_nearer_to_the_threshold_belongs_to_a_step():
    for steps in (STEPS, STEPS[::-1]):
        found = [adjustment(steps, past) for past in (-11, -10, -9, 0, 9, 10)]
        assert found == [-2, -2, -1, 1, 1, 2]


def test_between_two_steps_nothing_happens():
    assert adjustment([{"MetricIntervalLowerBound": 5, "ScalingAdjustment": 1}], 4) is None


@pytest.mark.parametrize(
    ("amount", "least", "expected"), [(25, None, 5), (1, None, 5), (-30, None, 3), (10, 3, 7)]
)
def test_percents_round_to_the_threshold_but_never_to_nothing(amount, least, expected):
    kind = "PercentChangeInCapacity"
    configuration = {"AdjustmentType": kind, "MinAdjustmentMagnitude": least}
    assert stepped(4, configuration, amount) == expected


def test_capacity_is_changed_or_set():
    assert stepped(4, {"AdjustmentType": "ChangeInCapacity"}, -1) == 3
    assert stepped(4, {"AdjustmentType": "ExactCapacity"}, 9) == 9
