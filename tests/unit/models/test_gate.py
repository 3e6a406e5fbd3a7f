"""The gate's arithmetic, against numbers that are computed here in another way."""

import math
from datetime import date

import numpy as np
import pytest

from models.flight_delay.gate import Bounds, Window, compare_slices, judge

FIRST, UNTIL = date(2013, 3, 17), date(2013, 3, 31)
SMALL = {"window_flights": 8, "maximum_auc": 1.0, "calibration": 9.0}


def auc_by_counting(late, probabilities):
    """The share of pairs of a late and a punctual flight that are ordered rightly."""
    pairs = [(p, q) for p in probabilities[late] for q in probabilities[~late]]
    return sum(1.0 if p > q else 0.5 if p == q else 0.0 for p, q in pairs) / len(pairs)


def window(late, challenger, champion=None, **more):
    late, challenger = np.array(late, dtype=bool), np.array(challenger, dtype=float)
    champion = None if champion is None else np.array(champion, dtype=float)
    return Window(FIRST, UNTIL, late, challenger, champion, **more)


def calibrated(late, probabilities):
    """In the same order, with the mean of the outcomes."""
    near = 0.2 + probabilities / 10
    return near * late.mean() / near.mean()


def broken(verdict):
    return [rule.name for rule in verdict.rules if not rule.passed]


@pytest.fixture(scope="module")
def season():
    """1,200 flights; the champion knows a little of their delay, the challenger more."""
    random = np.random.default_rng(3)
    signal = random.normal(0, 1, 1200)
    late = random.random(1200) < 1 / (1 + np.exp(1.3 - signal))
    champion = 1 / (1 + np.exp(1.3 - 0.3 * signal - random.normal(0, 0.5, 1200)))
    challenger = 1 / (1 + np.exp(1.3 - 0.8 * signal - random.normal(0, 0.5, 1200)))
    origins = np.where(np.arange(1200) % 2, "EWR", "JFK")
    return late, challenger, champion, origins


def test_better_model_wins_by_the_difference_of_both_on_the_same_flights(season):
    late, challenger, champion, origins = season
    verdict = judge(window(late, challenger, champion, slices={"origin": origins}), Bounds())
    assert broken(verdict) == []
    old, new = auc_by_counting(late, champion), auc_by_counting(late, challenger)
    assert verdict.champion["auc"] == pytest.approx(old)
    assert verdict.challenger["auc"] == pytest.approx(new)
    assert verdict.reason == (
        f"The challenger wins: AUC {new:.4f} against the champion's {old:.4f} on the same flights,"
        f" {new - old:+.4f} where +0.0020 is asked for."
    )


def test_worse_model_loses_with_its_reason(season):
    late, better, worse, _ = season
    verdict = judge(window(late, worse, better), Bounds())
    assert broken(verdict) == ["gain"]
    assert verdict.reason.startswith("The challenger loses: AUC 0.6")


def test_gain_must_reach_its_minimum():
    late = [0, 0, 0, 0, 0, 1, 1, 1]
    champion = [0.1, 0.2, 0.3, 0.4, 0.6, 0.5, 0.6, 0.7]
    challenger = [0.1, 0.2, 0.3, 0.4, 0.55, 0.5, 0.6, 0.7]
    # Of 15 pairs the champion orders 13.5 rightly (one wrong, one even), the challenger 14.
    for minimum, passes in ((0.5 / 15 - 1e-9, True), (0.5 / 15 + 1e-9, False)):
        bounds = Bounds(**SMALL, minimum_gain=minimum)
        verdict = judge(window(late, challenger, champion), bounds)
        assert verdict.champion["auc"] == pytest.approx(13.5 / 15)
        assert verdict.challenger["auc"] == pytest.approx(14 / 15)
        assert verdict.wins is passes


def test_same_model_gains_nothing(season):
    late, model, _, _ = season
    assert broken(judge(window(late, model, model), Bounds())) == ["gain"]


def test_one_slice_that_falls_is_enough(season):
    late, challenger, champion, origins = season
    hurt = np.where(origins == "JFK", 0.25 - challenger / 10, challenger)
    verdict = judge(window(late, hurt, champion, slices={"origin": origins}), Bounds())
    assert "slices" in broken(verdict)
    assert "AUC falls by more than 0.03 for origin=JFK (-" in verdict.reason
    assert "EWR" not in verdict.reason


def test_slices_are_measured_as_the_whole_is(season):
    late, challenger, champion, origins = season
    given = window(late, challenger, champion, slices={"origin": origins})
    for found in compare_slices(given, Bounds()):
        chosen = origins == found["slice"].removeprefix("origin=")
        old = auc_by_counting(late[chosen], champion[chosen])
        new = auc_by_counting(late[chosen], challenger[chosen])
        assert found["flights"] == 600
        assert found["gain"] == pytest.approx(new - old)


@pytest.mark.parametrize(("flights", "late"), [(601, 50), (500, 400)])
def test_small_slice_says_nothing(season, flights, late):
    lates, challenger, champion, origins = season
    given = window(lates, challenger, champion, slices={"origin": origins})
    assert list(compare_slices(given, Bounds(slice_flights=flights, slice_late=late))) == []


@pytest.mark.parametrize(
    ("factor", "passes"), [(1.0, True), (1.24, True), (1.27, False), (0.81, True), (0.79, False)]
)
def test_probabilities_must_mean_what_they_say(season, factor, passes):
    late, model, _, _ = season
    exact = calibrated(late, model)
    verdict = judge(window(late, exact * factor), Bounds())
    assert ("calibration" not in broken(verdict)) is passes


@pytest.mark.parametrize(("factor", "passes"), [(0.71, True), (0.68, False), (1.39, True)])
def test_beyond_the_bound_the_champion_is_the_measure(season, factor, passes):
    late, model, _, _ = season
    exact = calibrated(late, model)
    champion = exact * 0.76
    verdict = judge(window(late, exact * factor, champion), Bounds())
    assert ("calibration" not in broken(verdict)) is passes
    assert abs(math.log(0.71)) < abs(math.log(0.76)) + math.log(1.1) < abs(math.log(0.68))


def test_model_that_knows_the_outcome_is_no_better_model(season):
    late, _, champion, _ = season
    leaking = np.where(late, 0.4, 0.2)
    verdict = judge(window(late, leaking, champion), Bounds())
    assert broken(verdict) == ["leak"]
    assert "AUC 1.0000" in verdict.reason


@pytest.mark.parametrize(
    "late",
    [[], [True, False, True] * 333, [True] * 1500, [False] * 1500],
    ids=["none", "999", "all late", "none late"],
)
def test_too_little_data_is_its_own_outcome(late):
    verdict = judge(window(late, np.full(len(late), 0.5), np.full(len(late), 0.5)), Bounds())
    assert broken(verdict) == ["enough"]
    assert f"{len(late)} flights from 2013-03-17 to 2013-03-31" in verdict.reason
    assert f"{sum(late)} of them late: too few to judge: 1000 are needed" in verdict.reason
    assert (verdict.champion, verdict.challenger) == (None, None)


@pytest.mark.parametrize(
    ("until", "passes"),
    [(FIRST, True), (date(2013, 3, 1), True), (date(2013, 3, 18), False), (None, True)],
)
def test_champion_that_was_trained_on_the_window_is_no_measure(season, until, passes):
    late, challenger, champion, _ = season
    verdict = judge(window(late, challenger, champion, champion_trained_until=until), Bounds())
    assert verdict.wins is passes
    if not passes:
        assert broken(verdict) == ["unseen"]
        assert "a later window is needed" in verdict.reason


def test_first_model_has_nobody_to_beat(season):
    late, challenger, _, origins = season
    verdict = judge(window(late, challenger, slices={"origin": origins}), Bounds())
    assert verdict.wins
    assert verdict.champion is None
    assert "nothing serves yet" in verdict.reason
