"""What is expected of a metric, from its past."""

import pytest

from emulation.compute.metrics.bands import FEWEST, PAST, band

DAY, HOUR = 86_400, 3600


def test_band_is_the_mean_and_deviation_of_what_was_before():
    points = {at * 60: float(at % 2) for at in range(20)}
    upper, lower = band(points, [20 * 60], 2)
    assert upper == {1200: pytest.approx(1.5)}
    assert lower == {1200: pytest.approx(-0.5)}


def test_no_band_without_enough_past():
    points = {at * 60: 1.0 for at in range(20)}
    upper, _ = band(points, points, 2)
    assert min(upper) == FEWEST * 60


def test_a_value_does_not_widen_its_own_band():
    points = {at * 60: 1.0 for at in range(10)} | {600: 1000.0}
    upper, _ = band(points, [600, 660], 2)
    assert upper[600] == 1
    assert upper[660] > 100


def test_hours_have_their_own_band_after_three_days():
    busy = {
        day * DAY + 12 * HOUR + minute * 60: 100.0
        for day in range(4)
        for minute in range(0, 60, 20)
    }
    quiet = {
        day * DAY + 3 * HOUR + minute * 60: 1.0 for day in range(4) for minute in range(0, 60, 20)
    }
    upper, lower = band(busy | quiet, [4 * DAY + 12 * HOUR, 4 * DAY + 3 * HOUR], 2)
    assert (upper[4 * DAY + 12 * HOUR], upper[4 * DAY + 3 * HOUR]) == (100, 1)
    assert lower[4 * DAY + 12 * HOUR] == 100


def test_what_is_excluded_or_too_old_is_nobodys_past():
    points = {at * 60: 1.0 for at in range(20)} | {1200: 500.0}
    upper, _ = band(points, [1260], 2, excluded=[(1200, 1260)])
    assert upper[1260] == 1
    assert band(points, [1260 + PAST], 2) == ({}, {})
