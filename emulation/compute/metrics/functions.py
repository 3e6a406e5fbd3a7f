"""The functions of metric math by name, and those that are refused."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulation.compute.metrics.arithmetic import (
    AGGREGATES,
    POINT_FUNCTIONS,
    Value,
    aggregate,
    choose,
    differences,
    each_of,
    fill,
    running_sum,
)
from emulation.compute.metrics.expressions import Call, ExpressionError, Name, Node, Text
from emulation.compute.metrics.series import Series

if TYPE_CHECKING:
    from emulation.compute.metrics.evaluation import Evaluation

NOT_COMPUTED = {"DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA"}
"""They ask services that are not here."""

WORDS = {"REPEAT", "LINEAR", "AVG", "MIN", "MAX", "SUM", "ASC", "DESC"}
"""What stands among the arguments of a function and is no id of a query: those are small."""


class FunctionNotComputed(ValueError):
    """A function of AWS's that nobody computes here; its name is the message."""


Arguments = tuple[Node, ...]
Function = Callable[["Evaluation", Arguments], Value]

TIME_PARTS: dict[str, Callable[[datetime], float]] = {
    "MINUTE": lambda at: at.minute,
    "HOUR": lambda at: at.hour,
    "DAY": lambda at: at.isoweekday(),
    "DATE": lambda at: at.day,
    "MONTH": lambda at: at.month,
    "YEAR": lambda at: at.year,
    "EPOCH": lambda at: at.timestamp(),
}


def call(evaluation: "Evaluation", node: Call) -> Value:
    """The value of a call.

    Raises:
        ExpressionError: there is no such function, or not with these arguments.
        FunctionNotComputed: AWS has it; nobody computes it here.
    """
    if node.function in NOT_COMPUTED:
        raise FunctionNotComputed(node.function)
    if node.function not in FUNCTIONS:
        raise ExpressionError(f"Unknown function '{node.function}'")
    counts, function = FUNCTIONS[node.function]
    if len(node.arguments) not in counts:
        raise ExpressionError(f"Wrong number of arguments of {node.function}")
    return function(evaluation, node.arguments)


def of_one(compute: Callable[[Value], Value]) -> Function:
    """A function of one value."""
    return lambda evaluation, arguments: compute(evaluation.value(arguments[0]))


def of_series(compute: Callable[[Series], Series]) -> Function:
    """A function of a series, or of each of several."""
    return of_one(lambda value: each_of(value, compute))


def of_list(compute: Callable[[list[Series]], Value]) -> Function:
    """A function of several series."""
    return lambda evaluation, arguments: compute(evaluation.several(arguments[0]))


def time_part(name: str) -> Function:
    """A value in each period of a series, of its time."""

    def compute(series: Series) -> Series:
        part = TIME_PARTS[name]
        grid = series.span.grid(series.period)
        return series.with_points({at: float(part(datetime.fromtimestamp(at, UTC))) for at in grid})

    return of_series(compute)


def metrics(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """METRICS: the metrics of the request, those with a text in their id."""
    return evaluation.metrics(text(arguments[0]) if arguments else "")


def first(several: list[Series]) -> Value:
    """FIRST."""
    if not several:
        raise ExpressionError("The array of time series is empty")
    return several[0]


def last(several: list[Series]) -> Value:
    """LAST."""
    return first(several[::-1])


def period(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """PERIOD, in s."""
    return float(evaluation.one(arguments[0]).period)


def condition(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """IF."""
    values = [evaluation.value(each) for each in arguments]
    return choose(values[0], values[1], values[2] if len(values) > 2 else None)


def filled(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """FILL."""
    value, filler = evaluation.value(arguments[0]), arguments[1]
    with_what = (
        filler.value
        if isinstance(filler, Name) and filler.value in {"REPEAT", "LINEAR"}
        else evaluation.value(filler)
    )
    return each_of(value, lambda series: fill(series, with_what))


def sliced(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """SLICE; a slice of one is still an array."""
    start, *end = (int(evaluation.number(each)) for each in arguments[1:])
    return evaluation.several(arguments[0])[start : end[0] if end else None]


def ordered(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """SORT; series without points come last."""
    several = evaluation.several(arguments[0])
    by, order = (word(each) for each in arguments[1:3])
    if by not in {"AVG", "MIN", "MAX", "SUM"} or order not in {"ASC", "DESC"}:
        raise ExpressionError("SORT takes AVG, MIN, MAX or SUM, and ASC or DESC")
    found = sorted(
        (series for series in several if series.points),
        key=lambda series: AGGREGATES[by](series.values),
        reverse=order == "DESC",
    )
    found += [series for series in several if not series.points]
    return found[: int(evaluation.number(arguments[3]))] if len(arguments) > 3 else found


def constant(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """TIME_SERIES: a number in each period of the request."""
    return evaluation.constant(evaluation.number(arguments[0]))


def search(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """SEARCH; its period may be left out."""
    given = int(evaluation.number(arguments[2])) if len(arguments) > 2 else None
    return evaluation.search(text(arguments[0]), text(arguments[1]), given)


def band(evaluation: "Evaluation", arguments: Arguments) -> Value:
    """ANOMALY_DETECTION_BAND: upper and lower bound."""
    if not isinstance(arguments[0], Name):
        raise ExpressionError("ANOMALY_DETECTION_BAND takes the id of a metric")
    width = evaluation.number(arguments[1]) if len(arguments) > 1 else 2.0
    return evaluation.band(arguments[0].value, width)


def word(node: Node) -> str:
    """A word of a function."""
    return node.value if isinstance(node, Name) else ""


def text(node: Node) -> str:
    """Text in quotes."""
    if not isinstance(node, Text):
        raise ExpressionError("Text in quotes is expected")
    return node.value


ONE, ONE_OR_TWO, TWO_OR_THREE = {1}, {1, 2}, {2, 3}

FUNCTIONS: dict[str, tuple[set[int], Function]] = {
    **{
        name: (ONE, of_series(lambda series, compute=compute: series.each(compute)))  # type: ignore[misc]
        for name, compute in POINT_FUNCTIONS.items()
    },
    **{
        name: (ONE, of_one(lambda value, name=name: aggregate(name, value)))  # type: ignore[misc]
        for name in AGGREGATES
    },
    **{name: (ONE, time_part(name)) for name in TIME_PARTS},
    "ANOMALY_DETECTION_BAND": (ONE_OR_TWO, band),
    "DIFF": (ONE, of_series(lambda series: differences(series, lambda value, _: value))),
    "DIFF_TIME": (ONE, of_series(lambda s: differences(s, lambda _, seconds: float(seconds)))),
    "FILL": ({2}, filled),
    "FIRST": (ONE, of_list(first)),
    "IF": (TWO_OR_THREE, condition),
    "LAST": (ONE, of_list(last)),
    "METRICS": ({0, 1}, metrics),
    "METRIC_COUNT": (ONE, of_list(lambda several: float(len(several)))),
    "PERIOD": (ONE, period),
    "RATE": (ONE, of_series(lambda s: differences(s, lambda value, seconds: value / seconds))),
    "REMOVE_EMPTY": (ONE, of_list(lambda several: [s for s in several if s.points])),
    "RUNNING_SUM": (ONE, of_series(running_sum)),
    "SEARCH": (TWO_OR_THREE, search),
    "SLICE": (TWO_OR_THREE, sliced),
    "SORT": ({3, 4}, ordered),
    "TIME_SERIES": (ONE, constant),
}
