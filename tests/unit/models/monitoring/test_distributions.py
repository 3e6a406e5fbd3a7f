import numpy as np
import pandas as pd
import pytest

from models.monitoring.distributions import Bins, chance_psi, psi


@pytest.mark.parametrize(
    ("reference", "window", "distance"),
    [
        ((50, 50), (80, 20), 0.4062868212713332),
        ((100, 0), (90, 10), 0.3118148826254131),
        ((10, 20, 30, 40), (40, 30, 20, 10), 0.8719768526109903),
        ((30, 70), (300, 700), 0.0),
    ],
)
def test_psi_of_counts(reference, window, distance):
    """Computed by hand: the sum of (q - p) ln(q / p), with half a row more in each bin."""
    assert psi(np.array(reference), np.array(window)) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize(
    ("bins", "rows", "limit"),
    [
        # The 99.9 % points of chi square in the tables: 10.828 (1), 27.877 (9), 143.344 (95).
        (2, 1000, 10.828 / 500),
        (10, 1000, 27.877 / 500),
        (96, 100, 143.344 / 50),
    ],
)
def test_chance_goes_farther_with_few_rows_and_many_bins(bins, rows, limit):
    assert chance_psi(bins, rows, rows) == pytest.approx(limit, rel=1e-4)


def test_two_samples_of_one_population_stay_within_chance():
    random = np.random.default_rng(5)
    limit, beyond = chance_psi(10, 500, 300), 0
    for _ in range(2000):
        found = [random.multinomial(size, [0.1] * 10) for size in (500, 300)]
        beyond += psi(*found) > limit
    assert beyond <= 8


def test_nothing_known_is_infinitely_uncertain():
    assert chance_psi(10, 1000, 0) == float("inf")


def test_numbers_are_counted_between_tenths():
    values = pd.Series(range(1, 101))
    assert Bins.of(values).count(values).tolist() == [10] * 10


def test_column_that_was_always_zero_has_a_bin_for_more():
    bins = Bins.of(pd.Series([0.0] * 50))
    assert bins.count(pd.Series([0.0, 0.0, 1.0, np.nan])).tolist() == [2, 1]


def test_names_that_the_reference_lacks_are_counted_together():
    bins = Bins.of(pd.Series(["UA", "B6", "UA", None]))
    assert bins.names == ("B6", "UA")
    assert bins.count(pd.Series(["UA", "XX", "YY", None])).tolist() == [0, 1, 2]


def test_column_without_a_known_value_has_bins():
    bins = Bins.of(pd.Series([np.nan, np.nan]))
    assert bins.count(pd.Series([np.nan])).tolist() == [0, 0]


@pytest.mark.parametrize("bins", [Bins(edges=(1.0, 2.5)), Bins(names=("a", "b"))])
def test_bins_are_kept_as_json(bins):
    assert Bins.from_json(bins.as_json()) == bins
