"""SEARCH: which metrics are found."""

import pytest

from emulation.compute.metrics.database import Metric
from emulation.compute.metrics.expressions import ExpressionError
from emulation.compute.metrics.searching import find

PLACE = ("0", "r")
KNOWN = {
    "cpu": Metric(*PLACE, "AWS/EC2", "CPUUtilization", (("InstanceId", "i-1"),)),
    "cpu_all": Metric(*PLACE, "AWS/EC2", "CPUUtilization"),
    "errors": Metric(*PLACE, "AWS/Lambda", "Errors", (("FunctionName", "ProjectA-score"),)),
    "count": Metric(*PLACE, "My Space", "CustomCount1", (("Host", "x=y"),)),
    "net": Metric(*PLACE, "Own", "Network-Errors-2"),
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (" {AWS/EC2,InstanceId} ", "cpu"),
        ("{AWS/EC2}", "cpu cpu_all"),
        ('{AWS/EC2, InstanceId} MetricName="CPUUtilization" ', "cpu"),
        ('{"My Space", Host}, "CustomCount1"', "count"),
        ("count", "count"),
        ("COUNT", "count"),
        ("couNT", ""),
        ("CustomCount", "count"),
        ("Count1", "count"),
        ("customcount", ""),
        ('"customcount1"', ""),
        ("errors", "errors net"),
        ("Network_Errors", "net"),
        ("MetricName=errors", "errors net"),
        ('Namespace="AWS/Lambda" OR Own', "errors net"),
        ("errors NOT Namespace=AWS", "net"),
        ("NOT AWS", "count net"),
        ('(EC2 OR Lambda) AND (NOT "i-1") Utilization', "cpu_all"),
        ("FunctionName=ProjectA", "errors"),
        ('Host="x=y"', "count"),
    ],
)
def test_search_finds(text, names):
    assert find(text, KNOWN.values()) == [KNOWN[name] for name in names.split()]


@pytest.mark.parametrize("text", ["", "{}", "(a", "a OR", '"open', "NOT", "a" * 1025])
def test_text_that_is_no_search(text):
    with pytest.raises(ExpressionError):
        find(text, KNOWN.values())
