"""The rules that make a Redshift query one of DuckDB with the same result, in the order of `RULES`.

Each takes the tree and changes it in place; calls are translated inside out.
"""

from collections.abc import Callable

from sqlglot import exp

from emulation.compute.redshift_sql import functions
from emulation.compute.redshift_sql.column_types import DUCKDB, NAMES, ColumnType, made
from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.functions import call
from emulation.compute.redshift_sql.inference import (
    TAG,
    Inferred,
    digits,
    is_decimal,
    quotient,
    summed,
)


def fold(tree: exp.Expr) -> None:
    """Names in lower case, quoted or not: what Redshift does unless
    `enable_case_sensitive_identifier` is on. Quoted for DuckDB, whose reserved words differ.
    """
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.this.lower())
        name.set("quoted", True)


def name_units(tree: exp.Expr) -> None:
    """`DATEADD(day, ...)`: the date part is a word, not a column."""
    for node in tree.find_all(exp.Anonymous):
        first = node.expressions[0] if node.expressions else None
        if node.name.lower() in functions.TAKES_UNIT and isinstance(first, exp.Column | exp.Var):
            first.replace(exp.Literal.string(functions.unit_of(first)))


def decode(tree: exp.Expr) -> None:
    """DECODE(value, search, result, ..., default), where two NULLs are equal."""
    for node in reversed(list(tree.find_all(exp.DecodeCase))):
        value, *rest = node.expressions
        case = exp.Case()
        while len(rest) > 1:
            search, result, *rest = rest
            same = exp.NullSafeEQ(this=value.copy(), expression=search)
            case = case.when(same, result, copy=False)
        _swap(node, case.else_(rest[0], copy=False) if rest else case)


def _calls(tree: exp.Expr) -> None:
    for node in reversed(list(tree.find_all(exp.Anonymous))):
        name = node.name.lower()
        if not name.startswith("rs_"):
            _swap(node, functions.translate_call(name, list(node.expressions)))


def _swap(node: exp.Expr, new: exp.Expr) -> None:
    node.replace(new)


SESSION_VALUES: dict[type[exp.Expr], Callable[[], exp.Expr]] = {
    exp.CurrentTimestamp: lambda: call("rs_sysdate"),
    exp.CurrentDate: lambda: exp.cast(call("rs_sysdate"), "DATE"),
    exp.CurrentUser: lambda: exp.Literal.string("admin"),
    exp.SessionUser: lambda: exp.Literal.string("admin"),
}


def _session_values(tree: exp.Expr) -> None:
    for node in list(tree.find_all(*SESSION_VALUES)):
        _swap(node, SESSION_VALUES[type(node)]())


def _text_functions(tree: exp.Expr) -> None:
    for node in reversed(
        list(tree.find_all(exp.Substring, exp.StrPosition, exp.Trim, exp.Extract))
    ):
        if isinstance(node, exp.Substring):
            parts = [node.this, node.args.get("start"), node.args.get("length")]
            _swap(node, call("rs_substring", *[part for part in parts if part is not None]))
        elif isinstance(node, exp.StrPosition):
            _swap(node, call("rs_charindex", node.args["substr"], node.this))
        elif isinstance(node, exp.Trim):
            side = {"LEADING": "rs_ltrim", "TRAILING": "rs_rtrim"}
            name = side.get(str(node.args.get("position") or "").upper(), "rs_btrim")
            parts = [node.this, node.expression]
            _swap(node, call(name, *[part for part in parts if part]))
        else:
            unit = exp.Literal.string(functions.unit_of(node.this))
            _swap(node, functions.translate_call("date_part", [unit, node.expression]))


CAST_TO = {
    exp.DType.VARCHAR: "varchar",
    exp.DType.NVARCHAR: "varchar",
    exp.DType.TEXT: "text",
    exp.DType.CHAR: "char",
    exp.DType.NCHAR: "char",
    exp.DType.BPCHAR: "bpchar",
    exp.DType.DECIMAL: "numeric",
    exp.DType.SUPER: "super",
    exp.DType.DOUBLE: "float8",
    exp.DType.FLOAT: "float4",
    exp.DType.INT: "int4",
    exp.DType.BIGINT: "int8",
    exp.DType.SMALLINT: "int2",
    exp.DType.BOOLEAN: "bool",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.DATETIME: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
    exp.DType.TIME: "time",
}


def cast_type(to: exp.DataType) -> ColumnType:
    """The type that a cast names."""
    if to.this not in CAST_TO:
        raise NotEmulatedError(f"a cast to {to.sql('redshift').upper()}")
    written = CAST_TO[to.this]
    name = NAMES[written]
    if name not in {"varchar", "bpchar", "numeric"}:
        return ColumnType(name)
    arguments = [parameter.name.lower() for parameter in to.expressions]
    return made(name, arguments, default=written)


WHOLE = {"int2", "int4", "int8"}


def _casts(tree: exp.Expr) -> None:
    for node in reversed(list(tree.find_all(exp.Cast))):
        if node.to.args.get("nested"):
            raise NotEmulatedError(f"a cast to {node.to.sql('redshift')}")
        to = cast_type(node.to)
        new: exp.Expr = node.copy()
        new.set("to", exp.DataType.build(to.duckdb(), dialect="duckdb"))
        if to.name in WHOLE and not node.this.is_number:
            shown = exp.Literal.string(to.display())
            new.set("this", call("rs_whole", node.this.copy(), shown))
        elif to.name in {"varchar", "bpchar"} and not node.this.is_string:
            new = call("rs_text", node.this.copy())
        limited = to.name in {"varchar", "bpchar"} and (node.to.expressions or to.name == "bpchar")
        if limited:
            new = call("rs_cut", new, exp.Literal.number(to.length))
        elif to.name == "super":
            new = exp.cast(node.this.copy(), "VARIANT", dialect="duckdb")
        _swap(node, new)


def _patterns(tree: exp.Expr) -> None:
    """LIKE takes a backslash as its escape; SIMILAR TO has its own wildcards."""
    for node in list(tree.find_all(exp.Like, exp.ILike)):
        if not isinstance(node.parent, exp.Escape):
            _swap(node, exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))
    for node in list(tree.find_all(exp.SimilarTo)):
        if not node.expression.is_string:
            raise NotEmulatedError("SIMILAR TO a pattern that is not a literal")
        pattern = node.expression.name.replace(".", r"\.").replace("%", ".*").replace("_", ".")
        _swap(node, call("regexp_full_match", node.this, exp.Literal.string(f"(?s:{pattern})")))


def _lists(tree: exp.Expr) -> None:
    """LISTAGG, whose separator is nothing unless it is given."""
    for node in list(tree.find_all(exp.GroupConcat)):
        value, separator = node.this, node.args.get("separator")
        distinct = isinstance(value, exp.Distinct)
        if distinct:
            value, separator = value.expressions[0], (value.expressions[1:] or [None])[0]
        argument: exp.Expr = exp.cast(value, "VARCHAR")
        if distinct:
            argument = exp.Distinct(expressions=[argument])
        within = node.parent if isinstance(node.parent, exp.WithinGroup) else None
        if within is not None:
            argument = exp.Order(this=argument, expressions=within.expression.expressions)
        listed = exp.GroupConcat(this=argument, separator=separator or exp.Literal.string(""))
        _swap(within or node, listed)


def _approximations(tree: exp.Expr) -> None:
    """An exact count is within the error that APPROXIMATE COUNT allows."""
    for node in list(tree.find_all(exp.ApproxDistinct)):
        _swap(node, exp.Count(this=exp.Distinct(expressions=[node.this])))


def _over(node: exp.Expr) -> exp.Window | None:
    return node.parent if isinstance(node.parent, exp.Window) and node.arg_key == "this" else None


def _windowed(function: exp.Expr, window: exp.Window | None) -> exp.Expr:
    if window is None:
        return function
    copy = window.copy()
    copy.set("this", function)
    return copy


def numbers(tree: exp.Expr, known: Inferred) -> None:
    """Sums, averages and divisions of exact numbers."""
    for node in reversed(list(tree.find_all(exp.Sum, exp.Avg, exp.Div))):
        operands = known.operands.get(node.meta.get(TAG, -1), (None, None))
        if isinstance(node, exp.Sum):
            _sum(node, operands[0])
        elif isinstance(node, exp.Avg):
            _average(node, operands[0])
        else:
            left, right = digits(operands[0]), digits(operands[1])
            if left and right and (is_decimal(operands[0]) or is_decimal(operands[1])):
                precision, scale = quotient(left, right)
                new = divided(node.this, node.expression, left[1], right[1], scale)
                _swap(node, exp.cast(new, f"DECIMAL({max(precision, scale)},{scale})"))


def _sum(node: exp.Sum, operand: exp.DataType | None) -> None:
    to = summed(operand)
    if to is None or is_decimal(operand) or to.this is exp.DType.DOUBLE:
        return
    window = _over(node)
    _swap(window or node, exp.cast(_windowed(node.copy(), window), to))


def _average(node: exp.Avg, operand: exp.DataType | None) -> None:
    if operand is not None and operand.this in {exp.DType.FLOAT, exp.DType.DOUBLE}:
        return
    window = _over(node)
    total = _windowed(exp.Sum(this=node.this.copy()), window)
    many = _windowed(exp.Count(this=node.this.copy()), window)
    many = exp.Nullif(this=many, expression=exp.Literal.number(0))
    places = digits(operand)
    new: exp.Expr
    if places is not None and is_decimal(operand):
        new = exp.cast(divided(total, many, places[1], 0, places[1]), f"DECIMAL(38,{places[1]})")
    else:
        new = exp.paren(exp.Div(this=total, expression=many), copy=False)
        new = exp.cast(new, "BIGINT") if places is not None else new
    _swap(window or node, new)


def divided(
    left: exp.Expr, right: exp.Expr, left_scale: int, right_scale: int, scale: int
) -> exp.Expr:
    """An exact division to a scale, cut off behind it, by way of whole numbers."""
    shift = scale - left_scale + right_scale
    top = _whole(left, left_scale, max(shift, 0))
    bottom = _whole(right, right_scale, max(-shift, 0))
    whole = exp.cast(exp.IntDiv(this=top, expression=bottom), "DECIMAL(38,0)")
    if scale == 0:
        return whole
    unit = exp.cast(exp.Literal.string(f"0.{'0' * (scale - 1)}1"), f"DECIMAL({scale},{scale})")
    return exp.paren(exp.Mul(this=whole, expression=unit), copy=False)


def _whole(value: exp.Expr, scale: int, shift: int) -> exp.Expr:
    """value * 10^(scale + shift) as a HUGEINT."""
    number = exp.cast(value.copy(), f"DECIMAL(38,{scale})")
    power = exp.cast(exp.Literal.string(f"1{'0' * scale}"), "DECIMAL(38,0)")
    scaled = exp.cast(exp.Mul(this=number, expression=power), "HUGEINT", dialect="duckdb")
    if not shift:
        return scaled
    factor = exp.cast(exp.Literal.string(f"1{'0' * shift}"), "HUGEINT", dialect="duckdb")
    return exp.paren(exp.Mul(this=scaled, expression=factor), copy=False)


RULES: tuple[Callable[[exp.Expr], None], ...] = (
    _calls,
    _text_functions,
    _session_values,
    _casts,
    _patterns,
    _lists,
    _approximations,
)


def apply(tree: exp.Expr) -> None:
    """All rules that need no types."""
    for rule in RULES:
        rule(tree)


def text_limit(type_: ColumnType) -> bool:
    """Whether what is written to a column must be measured first."""
    return type_.name in {"varchar", "bpchar"}


def fitted(value: exp.Expr, type_: ColumnType) -> exp.Expr:
    """A value as it is written to a column: too long a text is an error, not a cut."""
    if not text_limit(type_):
        return value
    if type_.name not in DUCKDB:
        raise SqlError(f'type "{type_.name}" does not exist')
    written = exp.cast(value, "VARCHAR")
    arguments = [
        # CHAR is kept without its padding, which LEN does not count; a result gets it back.
        exp.func("RTRIM", written, exp.Literal.string(" ")) if type_.name == "bpchar" else written,
        exp.Literal.number(type_.length),
        exp.Literal.string(type_.display()),
    ]
    return call("rs_fit", *arguments)
