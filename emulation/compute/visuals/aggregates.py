"""Functions of groups of rows and of a visual's marks together."""

from emulation.compute.visuals.compiled import Compiled, Level
from emulation.compute.visuals.errors import Mismatch
from emulation.compute.visuals.values import Type

I, N = Type.INTEGER, Type.DECIMAL  # noqa: E741

AGGREGATES = {
    "sum": "sum({})", "avg": "avg({})", "min": "min({})", "max": "max({})", "count": "count({})",
    "distinct_count": "count(DISTINCT {})", "distinctcount": "count(DISTINCT {})",
    "median": "median({})", "stdev": "stddev_samp({})", "stdevp": "stddev_pop({})",
    "var": "var_samp({})", "varp": "var_pop({})",
}  # fmt: skip
SIMPLE = {
    "SUM": "sum", "AVERAGE": "avg", "MIN": "min", "MAX": "max", "COUNT": "count",
    "DISTINCT_COUNT": "distinct_count", "MEDIAN": "median", "STDEV": "stdev", "STDEVP": "stdevp",
    "VAR": "var", "VARP": "varp",
}  # fmt: skip
"""A field well's words for them."""
COUNTS = {"count", "distinct_count", "distinctcount"}
KEEPING = {"min", "max"}
OVER = {
    "sumover": "sum", "avgover": "avg", "minover": "min", "maxover": "max", "countover": "count",
}  # fmt: skip
RANKS = {"rank": "rank", "denserank": "dense_rank"}
ALONG = {
    "runningsum": "sum", "runningavg": "avg", "runningmin": "min", "runningmax": "max",
    "runningcount": "count",
}  # fmt: skip
SHIFTED = {"lag": "lag", "lead": "lead"}


def aggregated(name: str, part: Compiled, condition: str = "") -> Compiled:
    """An aggregate of a row's value, of all rows or those of a condition.

    Raises:
        Mismatch: the value is an aggregate itself, or no number where one is needed.
    """
    if part.level > Level.ROW:
        raise Mismatch("Nesting of aggregate functions is not allowed.")
    if name not in COUNTS | KEEPING and part.type not in {I, N, Type.NOTHING}:
        raise Mismatch(f"{name} takes numbers, not {part.type}.")
    value = f"CASE WHEN {condition} THEN {part.sql} END" if condition else part.sql
    sql = AGGREGATES[name].format(value)
    return Compiled(_sized(name, sql, part.type), _type(name, part.type), Level.GROUP)


def _sized(name: str, sql: str, kind: Type) -> str:
    """A sum of whole numbers is of 128 bits, which no reader takes."""
    return f"CAST({sql} AS BIGINT)" if name == "sum" and kind is I else sql


def _type(name: str, kind: Type) -> Type:
    if name in COUNTS:
        return I
    return kind if name in {*KEEPING, "sum"} else N


def percentile(name: str, part: Compiled, percent: float) -> Compiled:
    """The value that so many percent of rows do not exceed."""
    if part.level > Level.ROW or part.type not in {I, N}:
        raise Mismatch(f"{name} takes numbers of single rows.")
    kind = "disc" if name == "percentiledisc" else "cont"
    sql = f"quantile_{kind}({part.sql}, {percent / 100})"
    return Compiled(sql, part.type if kind == "disc" else N, Level.GROUP)


def window(partition: list[str], order: list[str], frame: str = "") -> str:
    """What follows OVER."""
    parts = [f"PARTITION BY {', '.join(partition)}"] if partition else []
    parts += [f"ORDER BY {', '.join(order)}"] if order else []
    return f"({' '.join([*parts, frame] if frame else parts)})"
