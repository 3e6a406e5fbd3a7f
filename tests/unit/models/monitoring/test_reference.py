import json
import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.monitoring import reference, resampling
from models.monitoring.distributions import Bins
from models.monitoring.reference import Reference
from tests.unit.models.monitoring.conftest import FIRST, make_flights


def days_of(rates):
    """Days of 100 flights each, all told 0.2, with so many late ones."""
    table = [
        pd.DataFrame(
            {
                "flight_date": FIRST + timedelta(days=number),
                "probability": 0.2,
                "late": [True] * rate + [False] * (100 - rate),
            }
        )
        for number, rate in enumerate(rates)
    ]
    flights = pd.concat(table)
    return resampling.Days.of(flights, Bins.of(flights["probability"])), flights


def test_days_that_are_alike_leave_only_the_error_of_the_reference():
    days, _ = days_of([25] * 14)
    assert resampling.calibration_limit(days, 14) == pytest.approx(math.log(25 / 20))


def test_bad_days_widen_the_limit_and_longer_windows_narrow_it():
    days, _ = days_of([5] * 10 + [60] * 4)
    week, month = (resampling.calibration_limit(days, width) for width in (7, 28))
    assert week > month > math.log(1.25)


def test_windows_of_a_day_are_as_good_and_as_bad_as_its_days():
    """None or 40 of 100 are late where 20 are told: a factor of 20 (for at least one), or of 2."""
    days, _ = days_of([0] * 7 + [40] * 7)
    assert resampling.calibration_limit(days, 1) == pytest.approx(math.log(20))


def test_limits_are_the_same_each_time(tested):
    days = resampling.Days.of(tested, Bins.of(tested["probability"]))
    assert resampling.score_limit(days, 14) == resampling.score_limit(days, 14)


def test_scores_that_never_move_have_no_usual_distance():
    days, _ = days_of([25] * 14)
    assert resampling.score_limit(days, 14) == pytest.approx(0, abs=1e-6)


def test_baseline_is_of_the_tested_days(baseline, tested):
    assert (baseline.first, baseline.until) == (FIRST, date(2013, 4, 1))
    assert sum(baseline.score.counts) == len(tested)
    assert baseline.score.auc_floor <= baseline.score.metrics["auc"] - 0.05


def test_baseline_is_kept_as_json(baseline):
    kept = json.loads(json.dumps(baseline.as_json()))
    assert Reference.from_json(kept) == Reference.from_json(baseline.as_json())
    assert Reference.from_json(kept).as_json() == baseline.as_json()


def test_column_that_stays_where_it_is_may_not_move_far(baseline):
    assert baseline.columns["temp"].limit == reference.MAJOR_PSI


def test_column_that_moved_in_the_windows_before_is_only_told(tested, history):
    warmer = history.assign(temp=history["temp"] + np.linspace(0, 9, len(history)))
    built = reference.build(tested, warmer, model_version="1", window_days=14)
    assert built.columns["temp"].limit is None
    assert built.columns["dewp"].limit == reference.MAJOR_PSI


def test_column_that_was_often_unknown_before_may_be_so_again(tested, history):
    gone = history["flight_date"] < FIRST - timedelta(days=28)
    before = history.assign(wind_gust=history["wind_gust"].where(~gone))
    built = reference.build(tested, before, model_version="1", window_days=14)
    assert built.columns["wind_gust"].missing_limit is None
    assert built.columns["temp"].missing_limit == reference.MISSING_GAIN


@pytest.mark.parametrize("days", [0, 14, 27])
def test_one_window_before_is_no_habit(tested, days):
    history = make_flights(FIRST - timedelta(days=days), days) if days else tested.head(0)
    built = reference.build(tested, history, model_version="1", window_days=14)
    assert {column.limit for column in built.columns.values()} == {None}
    assert {column.missing_limit for column in built.columns.values()} == {None}


def test_few_rows_widen_a_feature_s_limit(baseline):
    column = baseline.columns["temp"]
    # 10 bins: 27.877 of chi square; 1,400 flights of the reference and 30 of the window.
    assert column.limit_for(30) == pytest.approx(27.877 * (1 / 1400 + 1 / 30), rel=1e-4)
    assert column.limit_for(1400) == reference.MAJOR_PSI
