"""Functions of one row: each with its arguments' types, its result's type and its SQL.

A signature names the arguments: `n` number, `s` text, `d` date, `b` truth, `x` anything, `p` a
period and `f` a date pattern that must be written out, `m` the bare word of a mode; behind `?` they
may be missing, `*` repeats the last one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulation.compute.visuals.compiled import Compiled, common_type
from emulation.compute.visuals.date_formats import directives, period, truncated
from emulation.compute.visuals.values import Type, literal

Build = Callable[[Sequence[str]], str]
Result = Type | Callable[[list[Compiled]], Type]
S, I, N, D, B = Type.STRING, Type.INTEGER, Type.DECIMAL, Type.DATETIME, Type.TRUTH  # noqa: E741


@dataclass(frozen=True, slots=True)
class Function:
    """One function."""

    signature: str
    result: Result
    build: Build


def same(parts: list[Compiled]) -> Type:
    """The type of the first argument."""
    return parts[0].type


def called(name: str) -> Build:
    """DuckDB's function of this name with the same arguments."""
    return lambda arguments: f"{name}({', '.join(arguments)})"


def template(text: str) -> Build:
    """SQL with arguments in numbered places."""
    return lambda arguments: text.format(*arguments)


def ifelse(arguments: Sequence[str]) -> str:
    """Conditions and values in turn; without a last value there is none."""
    pairs = zip(arguments[0::2], arguments[1::2], strict=False)
    cases = " ".join(f"WHEN {condition} THEN {value}" for condition, value in pairs)
    default = arguments[-1] if len(arguments) % 2 else "NULL"
    return f"CASE {cases} ELSE {default} END"


def ifelse_type(parts: list[Compiled]) -> Type:
    """The common type of the values."""
    default = [parts[-1]] if len(parts) % 2 else []
    return common_type([*parts[1::2], *default])


def switch(arguments: Sequence[str]) -> str:
    """A value, labels and results in turn, and a default."""
    given, rest = arguments[0], arguments[1:]
    pairs = zip(rest[0::2], rest[1::2], strict=False)
    cases = " ".join(f"WHEN {label} THEN {value}" for label, value in pairs)
    default = rest[-1] if len(rest) % 2 else "NULL"
    return f"CASE {given} {cases} ELSE {default} END"


def switch_type(parts: list[Compiled]) -> Type:
    """The common type of the results."""
    rest = parts[1:]
    default = [rest[-1]] if len(rest) % 2 else []
    return common_type([*rest[1::2], *default])


def contains(test: str) -> Build:
    """A test of texts that may be told not to look at case."""

    def build(arguments: Sequence[str]) -> str:
        text, part, *mode = arguments
        if mode and "INSENSITIVE" in mode[0].upper():
            text, part = f"lower({text})", f"lower({part})"
        return f"{test}({text}, {part})"

    return build


def located(arguments: Sequence[str]) -> str:
    """Where a text stands in another, looked for from a place on; 0 where it does not."""
    text, part, *start = arguments
    if not start:
        return f"instr({text}, {part})"
    found = f"instr(substring({text}, {start[0]}), {part})"
    return f"CASE WHEN {found} > 0 THEN {found} + {start[0]} - 1 ELSE 0 END"


def text_of(arguments: Sequence[str]) -> str:
    """A value as text; whole numbers in decimals have no point."""
    return f"CAST({arguments[0]} AS VARCHAR)"


def date_difference(arguments: Sequence[str]) -> str:
    """How many borders of a period lie between two dates; weeks begin on Sunday."""
    first, second, *given = arguments
    part = given[0] if given else "day"
    if part == "week":
        first, second = f"{first} + INTERVAL 1 DAY", f"{second} + INTERVAL 1 DAY"
    return f"date_diff('{part}', {first}, {second})"


def extracted(arguments: Sequence[str]) -> str:
    """A part of a date."""
    part, moment = arguments
    # DuckDB's Sunday is 0, QuickSight's 1.
    return f"(date_part('{part}', {moment}){' + 1' if part == 'weekday' else ''})"


def added(arguments: Sequence[str]) -> str:
    """A date so many periods later."""
    amount, part, moment = arguments
    times, unit = {"quarter": (3, "month"), "week": (7, "day")}.get(part, (1, part))
    return f"({moment} + CAST({amount} * {times} AS BIGINT) * INTERVAL 1 {unit})"


def formatted(arguments: Sequence[str]) -> str:
    """A date as text; without a pattern as ISO writes it."""
    pattern = arguments[1] if len(arguments) > 1 else "%Y-%m-%dT%H:%M:%S.%gZ"
    return f"strftime({arguments[0]}, {literal(pattern)})"


def parsed(arguments: Sequence[str]) -> str:
    """A date from text; nothing where it is none."""
    if len(arguments) == 1:
        return f"TRY_CAST({arguments[0]} AS TIMESTAMP)"
    return f"CAST(try_strptime({arguments[0]}, {literal(arguments[1])}) AS TIMESTAMP)"


def rounded(arguments: Sequence[str]) -> str:
    """To the nearest number with so many decimals, halves away from zero."""
    digits = arguments[1] if len(arguments) > 1 else "0"
    return f"round({arguments[0]}, CAST({digits} AS INTEGER))"


def round_type(parts: list[Compiled]) -> Type:
    """Whole without decimals."""
    return N if len(parts) > 1 else I


FUNCTIONS: dict[str, Function] = {
    "ifelse": Function("bxx*", ifelse_type, ifelse),
    "switch": Function("xxxx*", switch_type, switch),
    "coalesce": Function("xx*", common_type, called("coalesce")),
    "nullif": Function("xx", same, called("nullif")),
    "isnull": Function("x", B, template("({} IS NULL)")),
    "isnotnull": Function("x", B, template("({} IS NOT NULL)")),
    "abs": Function("n", same, called("abs")),
    "ceil": Function("n", I, template("CAST(ceil({}) AS BIGINT)")),
    "floor": Function("n", I, template("CAST(floor({}) AS BIGINT)")),
    "round": Function("n?n", round_type, rounded),
    "mod": Function("nn", I, template("({0} % nullif({1}, 0))")),
    "sqrt": Function("n", N, template("CASE WHEN {0} >= 0 THEN sqrt({0}) END")),
    "exp": Function("n", N, called("exp")),
    "ln": Function("n", N, template("CASE WHEN {0} > 0 THEN ln({0}) END")),
    "log": Function("n", N, template("CASE WHEN {0} > 0 THEN log10({0}) END")),
    "decimaltoint": Function("n", I, template("CAST(trunc({}) AS BIGINT)")),
    "inttodecimal": Function("n", N, template("CAST({} AS DOUBLE)")),
    "parseint": Function("s", I, template("TRY_CAST({} AS BIGINT)")),
    "parsedecimal": Function("s", N, template("TRY_CAST({} AS DOUBLE)")),
    "tostring": Function("x", S, text_of),
    "concat": Function("ss*", S, lambda arguments: "(" + " || ".join(arguments) + ")"),
    "left": Function("sn", S, called("left")),
    "right": Function("sn", S, called("right")),
    "substring": Function("snn", S, called("substring")),
    "strlen": Function("s", I, called("length")),
    "tolower": Function("s", S, called("lower")),
    "toupper": Function("s", S, called("upper")),
    "trim": Function("s", S, called("trim")),
    "ltrim": Function("s", S, called("ltrim")),
    "rtrim": Function("s", S, called("rtrim")),
    "replace": Function("sss", S, called("replace")),
    "locate": Function("ss?n", I, located),
    "parsejson": Function("ss", S, template("TRY(json_extract_string({0}, {1}))")),
    "split": Function("ssn", S, called("split_part")),
    "contains": Function("ss?m", B, contains("contains")),
    "startswith": Function("ss?m", B, contains("starts_with")),
    "endswith": Function("ss?m", B, contains("ends_with")),
    "now": Function("", D, lambda _: "CAST(current_timestamp AT TIME ZONE 'UTC' AS TIMESTAMP)"),
    "datediff": Function("dd?p", I, date_difference),
    "truncdate": Function("pd", D, lambda arguments: truncated(arguments[0], arguments[1])),
    "extract": Function("pd", I, extracted),
    "adddatetime": Function("npd", D, added),
    "formatdate": Function("d?f", S, formatted),
    "parsedate": Function("s?f", D, parsed),
    "epochdate": Function("n", D, template("CAST(to_timestamp({}) AS TIMESTAMP)")),
}


NOT_COMPUTED = {
    *("addworkdays", "networkdays", "isworkday", "corr", "covar", "covarp"),
    *("distinctcountover", "stdevover", "stdevpover", "varover", "varpover", "percentileover"),
    *("percentilecontover", "percentilediscover", "percentilerank", "firstvalue", "lastvalue"),
    *("windowsum", "windowavg", "windowcount", "windowmin", "windowmax"),
    *("periodoverperioddifference", "periodoverperiodlastvalue"),
    "periodoverperiodpercentdifference",
    *(f"periodtodate{name}" for name in ("avg", "count", "max", "min", "median", "percentile")),
    *(f"periodtodate{name}" for name in ("percentilecont", "stdev", "stdevp", "sum", "var")),
    *(f"periodtodate{name}overtime" for name in ("avg", "count", "max", "min", "sum")),
    "periodtodatevarp",
}
"""QuickSight's other functions."""


def written_out(kind: str, value: object, *, extracting: bool = False) -> str:
    """A period or a pattern that an expression writes out, as functions take it.

    Raises:
        Mismatch: it is none.
    """
    if kind == "f":
        return directives(str(value))
    if extracting and str(value).upper() == "WD":
        return "weekday"
    return period(str(value))
