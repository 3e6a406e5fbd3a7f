"""The functions of the Insights language, each from its arguments to SQL."""

from collections.abc import Callable

from emulation.compute.logs.query_values import Kind, Value, literal

Arguments = list[Value]

UNITS = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
"""In ms; months and longer are no fixed time."""


class WrongArgumentsError(ValueError):
    """The function does not take these."""


def _number(template: str, count: int = 1) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(len(arguments) == count)
        return Value(template.format(*(a.number for a in arguments)), "number")

    return build


def _text(template: str, *counts: int) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(len(arguments) in counts)
        return Value(template.format(*(a.text for a in arguments)))

    return build


def _truth(template: str, count: int = 1) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(len(arguments) == count)
        return Value(template.format(*(a.text for a in arguments)), "truth")

    return build


def _check(fits: bool) -> None:
    if not fits:
        raise WrongArgumentsError


def _greatest(name: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(bool(arguments))
        return Value(f"{name}({', '.join(a.number for a in arguments)})", "number")

    return build


def _coalesce(arguments: Arguments) -> Value:
    _check(bool(arguments))
    kinds = {a.kind for a in arguments}
    if len(kinds) == 1:
        return Value(f"coalesce({', '.join(a.sql for a in arguments)})", arguments[0].kind)
    return Value(f"coalesce({', '.join(a.text for a in arguments)})")


def _concat(arguments: Arguments) -> Value:
    _check(bool(arguments))
    return Value(f"concat({', '.join(a.text for a in arguments)})")


def _substring(arguments: Arguments) -> Value:
    """`substr(text, from, length)`, from 0."""
    _check(len(arguments) in {2, 3})
    text, start = arguments[0].text, f"CAST({arguments[1].number} AS BIGINT) + 1"
    if len(arguments) == 2:
        return Value(f"substring({text}, {start})")
    return Value(f"substring({text}, {start}, CAST({arguments[2].number} AS BIGINT))")


def _strlen(arguments: Arguments) -> Value:
    _check(len(arguments) == 1)
    return Value(f"length({arguments[0].text})", "number")


def _to_millis(arguments: Arguments) -> Value:
    _check(len(arguments) == 1)
    return Value(arguments[0].number, "number")


def _from_millis(arguments: Arguments) -> Value:
    _check(len(arguments) == 1)
    return Value(f"CAST({arguments[0].number} AS BIGINT)", "time")


IPV4 = r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$"

SCALARS: dict[str, Callable[[Arguments], Value]] = {
    "abs": _number("abs({})"),
    "ceil": _number("ceil({})"),
    "floor": _number("floor({})"),
    "log": _number("ln({})"),
    "sqrt": _number("sqrt({})"),
    "greatest": _greatest("greatest"),
    "least": _greatest("least"),
    "coalesce": _coalesce,
    "concat": _concat,
    "substr": _substring,
    "strlen": _strlen,
    "tolower": _text("lower({})", 1),
    "toupper": _text("upper({})", 1),
    "trim": _text("trim({})", 1),
    "ltrim": _text("ltrim({})", 1),
    "rtrim": _text("rtrim({})", 1),
    "replace": _text("replace({}, {}, {})", 3),
    "strcontains": _truth("contains({}, {})", 2),
    "ispresent": _truth("({} IS NOT NULL)"),
    "isempty": _truth("(coalesce({}, '') = '')"),
    "isblank": _truth("(trim(coalesce({}, '')) = '')"),
    "isvalidipv4": _truth(
        "regexp_matches({}, " + literal(IPV4).replace("{", "{{").replace("}", "}}") + ")"
    ),
    "tomillis": _to_millis,
    "frommillis": _from_millis,
}


def floored(time: str, milliseconds: int) -> Value:
    """A time at the beginning of its span."""
    return Value(f"(CAST({time} AS BIGINT) // {milliseconds} * {milliseconds})", "time")


def ceiled(time: str, milliseconds: int) -> Value:
    """A time at the end of its span."""
    whole = f"(CAST({time} AS BIGINT) + {milliseconds - 1})"
    return Value(f"({whole} // {milliseconds} * {milliseconds})", "time")


def _aggregate(template: str, count: int = 1) -> Callable[[Arguments], Value]:
    return _number(template, count)


def _extreme(name: str) -> Callable[[Arguments], Value]:
    """Of times a time, of all else a number."""

    def build(arguments: Arguments) -> Value:
        _check(len(arguments) == 1)
        kind: Kind = "time" if arguments[0].kind == "time" else "number"
        return Value(f"{name}({arguments[0].number})", kind)

    return build


def _by_time(name: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(len(arguments) == 1)
        return Value(f"{name}({arguments[0].sql}, time)", arguments[0].kind)

    return build


def _in_order(name: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        _check(len(arguments) == 1)
        return Value(f"{name}({arguments[0].sql})", arguments[0].kind)

    return build


def _count(arguments: Arguments) -> Value:
    _check(len(arguments) <= 1)
    return Value(f"count({arguments[0].sql if arguments else '*'})", "number")


def _count_distinct(arguments: Arguments) -> Value:
    _check(len(arguments) == 1)
    return Value(f"count(DISTINCT {arguments[0].sql})", "number")


AGGREGATES: dict[str, Callable[[Arguments], Value]] = {
    "count": _count,
    "count_distinct": _count_distinct,
    "sum": _aggregate("sum({})"),
    "avg": _aggregate("avg({})"),
    "median": _aggregate("median({})"),
    "stddev": _aggregate("stddev_pop({})"),
    "pct": _aggregate("quantile_cont({}, {} / 100.0)", 2),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "earliest": _by_time("arg_min"),
    "latest": _by_time("arg_max"),
    "sortsfirst": _in_order("min"),
    "sortslast": _in_order("max"),
}
