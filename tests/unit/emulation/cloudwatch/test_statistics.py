"""Statistics of a period."""

import pytest

from emulation.compute.metrics.database import Bin
from emulation.compute.metrics.statistic_names import statistic

TEN = Bin(10, 55, 1, 10, 0, tuple((float(value), 1.0) for value in range(1, 11)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 10),
        ("Sum", 55),
        ("Average", 5.5),
        ("Minimum", 1),
        ("Maximum", 10),
        ("p90", 9),
        ("p99.9", 10),
        ("p0", 1),
        ("p100", 10),
        ("tm90", 5),
        ("TM(10%:90%)", 5.5),
        ("TM(2:4)", 3.5),
        ("TM(:4)", 2.5),
        ("tc80", 8),
        ("TC(2:5)", 3),
        ("ts90", 45),
        ("TS(80%:)", 19),
        ("wm90", 5.4),
        ("WM(20%:80%)", 5.3),
        ("IQM", 5.5),
        ("PR(:3)", 30),
        ("PR(2:4)", 20),
    ],
)
def test_statistic_has_its_value(name, value):
    assert statistic(name).of(TEN) == pytest.approx(value)


@pytest.mark.parametrize(
    "name", ["", "Median", "p101", "p", "TM(5%:3)", "TM(9:3)", "PR(1%:2%)", "TM(:)", "average"]
)
def test_name_that_is_no_statistic(name):
    assert statistic(name) is None


def test_statistic_set_hides_its_values():
    assert statistic("p50").of(Bin(5, 20, 2, 9, hidden=5)) is None
    assert statistic("p50").of(Bin(5, 10, 2, 2, hidden=5)) == 2


def test_negative_values_have_no_percentile():
    assert statistic("p50").of(Bin(2, 0, -1, 1, 0, ((-1.0, 1.0), (1.0, 1.0)))) is None
