"""Redshift's scalar functions, by name: which are DuckDB's own, which are ours, which need a look
at their arguments. A name that stands in none of these lists is refused.
"""

from collections.abc import Callable

from sqlglot import exp

from emulation.compute.redshift_sql.errors import FUNCTION_HINT, NotEmulatedError, SqlError
from emulation.compute.redshift_sql.formats import date_format, date_pattern, is_numeric_format

SAME = {
    "abs", "acos", "ascii", "asin", "atan", "atan2", "bool_and", "bool_or", "bit_and", "bit_or",
    "cbrt", "ceil", "ceiling", "chr", "cos", "cot", "degrees", "floor", "last_day", "lower", "md5",
    "pi", "radians", "repeat", "reverse", "sin", "tan", "translate", "upper", "current_schema",
    "current_database",
}  # fmt: skip
"""DuckDB's function of this name gives what Redshift's gives."""

RENAMED = {
    "isnull": "coalesce",
    "replicate": "repeat",
    "dceil": "ceil",
    "dfloor": "floor",
    "dexp": "rs_exp",
    "dlog1": "rs_ln",
    "dlog10": "rs_log",
    "dpow": "rs_power",
    "pow": "rs_power",
    "dsqrt": "rs_sqrt",
    "ifnull": "coalesce",
    "length": "rs_len",
    "char_length": "rs_len",
    "character_length": "rs_len",
    "textlen": "rs_len",
    "substr": "rs_substring",
    "func_sha1": "sha1",
    "to_hex": "rs_to_hex",
    "now": "rs_sysdate",
    "trunc": "rs_trunc",
}

OURS = {
    "getdate", "sysdate", "trunc", "add_months", "months_between", "next_day", "date_cmp",
    "timestamp_cmp", "convert_timezone", "left", "right", "initcap", "lpad", "rpad", "ltrim",
    "rtrim", "btrim", "charindex", "split_part", "replace", "strtol", "quote_ident",
    "quote_literal", "octet_length", "len", "concat", "sha2", "nvl2", "regexp_replace",
    "regexp_substr", "regexp_count", "regexp_instr", "log", "ln", "exp", "sqrt", "power", "mod",
    "sign", "random", "is_valid_json", "is_valid_json_array", "json_array_length", "json_parse",
    "json_serialize", "can_json_parse", "substring",
}  # fmt: skip
"""Macros of `functions.sql`, there with `rs_` in front."""

KNOWN_ELSEWHERE = {
    "array", "array_concat", "array_flatten", "bpcharcmp", "checksum", "collate", "crc32",
    "current_session_arn", "current_user_id", "date_cmp_timestamp", "date_part_year",
    "decimal_precision", "decimal_scale", "difference", "explain_model", "farmfingerprint64",
    "fnv_hash", "from_hex", "generate_series", "get_array_length", "getbit",
    "has_database_privilege", "has_schema_privilege", "has_table_privilege", "hll",
    "hll_create_sketch", "interval_cmp", "is_array", "is_integer", "is_object", "is_scalar",
    "json_extract_array_element_text", "json_typeof", "object", "pg_backend_pid",
    "pg_get_session_roles", "pg_last_copy_count", "pg_last_copy_id", "pg_last_query_id", "sha",
    "sha1", "slice_num", "soundex", "split_to_array", "st_point", "subarray",
    "text_to_int_alt", "timeofday", "timezone", "to_number", "to_varbyte", "version",
    "width_bucket",
}  # fmt: skip
"""Redshift has them; here they are refused by name instead of as unknown."""

UNITS = {
    "year": ("y", "yr", "yrs", "years"),
    "quarter": ("qtr", "qtrs", "quarters"),
    "month": ("mon", "mons", "months"),
    "week": ("w", "weeks"),
    "day": ("d", "days"),
    "hour": ("h", "hr", "hrs", "hours"),
    "minute": ("m", "min", "mins", "minutes"),
    "second": ("s", "sec", "secs", "seconds"),
    "millisecond": ("ms", "msec", "msecs", "msecond", "mseconds", "milliseconds", "millisec"),
    "microsecond": ("us", "usec", "usecs", "microsec", "microsecs", "microseconds"),
    "decade": ("decades", "dec", "decs"),
    "century": ("c", "cent", "cents", "centuries"),
    "millennium": ("mil", "mils", "millennia"),
    "dow": ("dayofweek", "dw", "weekday"),
    "doy": ("dayofyear", "dy", "yearday"),
    "epoch": (),
    "timezone": (),
    "timezone_hour": (),
    "timezone_minute": (),
}
UNIT_OF = {alias: unit for unit, aliases in UNITS.items() for alias in (unit, *aliases)}
TAKES_UNIT = {"dateadd", "date_add", "datediff", "date_diff", "date_part", "date_trunc"}
DELTAS = {
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond",
    "microsecond", "decade", "century", "millennium",
}  # fmt: skip


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call as DuckDB reads it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    """A string literal."""
    return exp.Literal.string(value)


def unit_of(node: exp.Expr) -> str:
    """The date part that an argument names, with or without quotes."""
    name = node.name.lower()
    if name not in UNIT_OF:
        raise SqlError(f'date part "{name}" not recognized')
    return UNIT_OF[name]


def as_timestamp(node: exp.Expr) -> exp.Expr:
    """A date or a string as a timestamp; a timestamp stays, with its time zone if it has one."""
    if node.is_string:
        return exp.cast(node, "TIMESTAMP")
    zero = exp.Interval(this=exp.Literal.string("0"), unit=exp.var("SECOND"))
    return exp.paren(exp.Add(this=exp.paren(node, copy=False), expression=zero), copy=False)


def _dateadd(arguments: list[exp.Expr]) -> exp.Expr:
    unit, amount, start = unit_of(arguments[0]), arguments[1], arguments[2]
    if unit not in DELTAS:
        raise SqlError(f"date part {unit} is not supported by DATEADD")
    plural = {"century": "centuries", "millennium": "millennia"}.get(unit, f"{unit}s")
    delta = call(f"to_{plural}", exp.cast(amount, "INTEGER"))
    return exp.paren(exp.Add(this=as_timestamp(start), expression=delta), copy=False)


def _datediff(arguments: list[exp.Expr]) -> exp.Expr:
    unit = unit_of(arguments[0])
    sides = [exp.cast(side, "TIMESTAMP") for side in arguments[1:]]
    return call("date_diff", text(unit), *sides)


def _date_part(arguments: list[exp.Expr]) -> exp.Expr:
    unit = unit_of(arguments[0])
    if unit.startswith("timezone"):
        raise NotEmulatedError(f"date part {unit.upper()}")
    value = call("date_part", text(unit), as_timestamp(arguments[1]))
    if unit == "millisecond" or unit == "microsecond":
        factor = 1000 if unit == "millisecond" else 1000000
        value = exp.Mod(this=value, expression=exp.Literal.number(factor))
    return exp.cast(value, "BIGINT" if unit in {"epoch", "microsecond"} else "INTEGER")


def _date_trunc(arguments: list[exp.Expr]) -> exp.Expr:
    return call("date_trunc", text(unit_of(arguments[0])), as_timestamp(arguments[1]))


def _to_char(arguments: list[exp.Expr]) -> exp.Expr:
    value, pattern = arguments
    if not pattern.is_string:
        raise NotEmulatedError("TO_CHAR with a format that is not a literal")
    if is_numeric_format(pattern.name):
        raise NotEmulatedError(f"TO_CHAR with the numeric format '{pattern.name}'")
    return date_format(as_timestamp(value), pattern.name)


def _to_date(arguments: list[exp.Expr]) -> exp.Expr:
    if len(arguments) == 3 and arguments[2].this is False:
        # It would roll a day that the month has not into the next month.
        raise NotEmulatedError("TO_DATE with is_strict FALSE")
    return exp.cast(_parsed(arguments, "TO_DATE"), "DATE")


def _to_timestamp(arguments: list[exp.Expr]) -> exp.Expr:
    return exp.cast(_parsed(arguments, "TO_TIMESTAMP"), "TIMESTAMPTZ")


def _parsed(arguments: list[exp.Expr], name: str) -> exp.Expr:
    value, pattern = arguments[:2]
    if not pattern.is_string:
        raise NotEmulatedError(f"{name} with a format that is not a literal")
    return call("strptime", exp.cast(value, "VARCHAR"), text(date_pattern(pattern.name)))


def _json_path(arguments: list[exp.Expr]) -> exp.Expr:
    source, *steps = arguments
    if steps and steps[-1].this is True:
        raise NotEmulatedError("JSON_EXTRACT_PATH_TEXT with null_if_invalid")
    if not all(step.is_string for step in steps):
        raise NotEmulatedError("JSON_EXTRACT_PATH_TEXT with a path that is not literal")
    path = "".join(f"/{step.name.replace('~', '~0').replace('/', '~1')}" for step in steps)
    return call("rs_json_at", source, text(path))


def _swapped(arguments: list[exp.Expr]) -> exp.Expr:
    return call("rs_charindex", arguments[1], arguments[0])


BUILDERS: dict[str, tuple[int, int, Callable[[list[exp.Expr]], exp.Expr]]] = {
    "dateadd": (3, 3, _dateadd),
    "date_add": (3, 3, _dateadd),
    "datediff": (3, 3, _datediff),
    "date_diff": (3, 3, _datediff),
    "date_part": (2, 2, _date_part),
    "date_trunc": (2, 2, _date_trunc),
    "to_char": (2, 2, _to_char),
    "to_date": (2, 3, _to_date),
    "to_timestamp": (2, 2, _to_timestamp),
    "json_extract_path_text": (2, 6, _json_path),
    "strpos": (2, 2, _swapped),
}
"""Fewest and most arguments, and what makes the call."""


def translate_call(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    """A call of one of Redshift's functions, as DuckDB computes it.

    Raises:
        SqlError: Redshift has no such function, or not with these arguments.
        NotEmulatedError: Redshift has it and this warehouse has not.
    """
    if name in BUILDERS:
        fewest, most, build = BUILDERS[name]
        if not fewest <= len(arguments) <= most:
            raise SqlError(f"function {name} does not exist", hint=FUNCTION_HINT)
        return build(arguments)
    if name in RENAMED:
        return call(RENAMED[name], *arguments)
    if name in OURS:
        return call(f"rs_{name}", *arguments)
    if name in SAME:
        return call(name, *arguments)
    if name in KNOWN_ELSEWHERE:
        raise NotEmulatedError(f"function {name.upper()}")
    unknown = ", ".join(['"unknown"' if one.is_string else "..." for one in arguments])
    raise SqlError(f"function {name}({unknown}) does not exist", hint=FUNCTION_HINT)
