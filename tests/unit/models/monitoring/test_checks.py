import numpy as np
import pytest

from models.monitoring import checks
from models.monitoring.checks import brier_skill, find, slices, summary
from pipeline.contracts.features import FEATURE_NAMES
from pipeline.contracts.monitoring import CHECKS


def outcomes(findings):
    """The worst outcome of each check."""
    order = ["ok", "too_little_data", "violated"]
    found = {}
    for item in findings:
        found[item.check] = max(found.get(item.check, "ok"), item.outcome, key=order.index)
    return found


def violated(findings):
    return [(item.check, item.feature) for item in findings if item.outcome == "violated"]


def test_quiet_window_is_quiet(window, baseline):
    found = find(window, baseline)
    assert violated(found) == []
    assert outcomes(found) == dict.fromkeys(CHECKS, "ok")
    assert len(found) == 3 + 2 * len(FEATURE_NAMES)


def test_flights_that_are_late_more_often_than_told_are_seen(window, baseline):
    window["late"] = window["late"] | (np.arange(len(window)) % 5 == 0)
    told, actual = window["probability"].mean(), window["late"].mean()
    (found,) = [item for item in find(window, baseline) if item.check == "Calibration"]
    assert found.outcome == "violated"
    assert found.value == pytest.approx(told / actual)
    assert found.limit == pytest.approx(1.25)
    assert found.sentence.endswith("allowed 0.800 to 1.250")


def test_flights_that_are_late_less_often_are_seen_too(window, baseline):
    window["late"] = window["late"] & (np.arange(len(window)) % 3 > 0)
    assert ("Calibration", "probability") in violated(find(window, baseline))


def test_other_answers_are_seen(window, baseline):
    window["probability"] = window["probability"] ** 2
    assert ("ScoreDrift", "probability") in violated(find(window, baseline))


def test_answers_that_rank_nothing_are_seen(window, baseline):
    window["probability"] = np.random.default_rng(0).permutation(window["probability"])
    assert ("Quality", "probability") in violated(find(window, baseline))


def test_feature_that_moves_is_named(window, baseline):
    window["temp"] += 5
    window["carrier"] = "ZZ"
    assert violated(find(window, baseline)) == [("DataDrift", "carrier"), ("DataDrift", "temp")]


def test_feature_that_nobody_knows_any_more_is_named(window, baseline):
    window.loc[window.index % 10 == 0, "temp"] = np.nan
    assert violated(find(window, baseline)) == [("MissingValues", "temp")]


def test_few_flights_are_no_verdict(window, baseline):
    window["temp"] += 50
    found = find(window.head(999), baseline)
    assert outcomes(found) == dict.fromkeys(CHECKS, "too_little_data")
    assert found[0].sentence == "999 flights are too few to judge: 1000 are needed"


def test_truth_that_has_not_arrived_is_no_verdict_on_it(window, baseline):
    window["late"] = window["late"].astype(object).where(window.index % 5 > 0, None)
    window["probability"] = window["probability"] ** 2
    found = find(window, baseline)
    assert outcomes(found)["Calibration"] == outcomes(found)["Quality"] == "too_little_data"
    assert outcomes(found)["ScoreDrift"] == "violated"
    (told,) = {item.sentence for item in found if item.outcome == "too_little_data"}
    assert told == "the outcomes of 280 of 1400 flights are not known yet"


def test_flights_that_never_arrive_do_not_hold_back_the_verdict(window, baseline):
    window["late"] = window["late"].astype(object).where(window.index % 36 > 0, None)
    assert outcomes(find(window, baseline))["Calibration"] == "ok"


def test_one_outcome_only_is_no_verdict(window, baseline):
    window["late"] = False
    found = find(window, baseline)
    assert outcomes(found)["Quality"] == "too_little_data"
    assert "0 late and 1400 punctual" in found[1].sentence


def test_slices_are_those_with_enough_flights(window):
    window["carrier"] = np.where(window.index < 200, "FEW", "UA")
    window["origin"] = "EWR"
    assert [item["slice"] for item in slices(window)] == ["origin=EWR", "carrier=UA"]


def test_summary_counts_what_is_known(window):
    window["late"] = window["late"].astype(object).where(window.index % 2 > 0, None)
    told = summary(window)
    assert (told["flights"], told["known_outcomes"], told["rows"]) == (1400, 700, 700)


def test_summary_without_outcomes_has_counts(window):
    assert summary(window.assign(late=None)) == {"flights": 1400, "known_outcomes": 0}


def test_brier_skill_is_against_the_late_rate():
    found = {"actual_late_rate": 0.5, "brier": 0.125}
    assert brier_skill(found) == 0.5
    assert brier_skill({"actual_late_rate": 0.0, "brier": 0.1}) is None
    assert checks.MIN_FLIGHTS == 1000
