"""What a query may consist of, and what its columns are called.

The list is closed: a construct that is not in it is refused by its name, because sqlglot would pass
it to DuckDB, which may have its own meaning of it.
"""

from sqlglot import exp

from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError

KNOWN = frozenset({
    "Add", "Alias", "All", "And", "Anonymous", "Any", "AnyValue", "ApproxDistinct", "Avg",
    "Between", "BitwiseAnd", "BitwiseLeftShift", "BitwiseNot", "BitwiseOr", "BitwiseRightShift",
    "BitwiseXor", "Boolean", "Bracket", "CTE", "Case", "Cast", "Cbrt", "Coalesce", "Column",
    "ColumnDef", "Concat", "Count", "Cube", "CumeDist", "CurrentDate", "CurrentTimestamp",
    "CurrentUser", "DPipe", "DataType", "DataTypeParam", "DecodeCase", "Delete", "DenseRank",
    "Distinct", "Div", "Dot", "EQ", "Escape", "Except", "Exists", "Extract", "FirstValue", "From",
    "GT", "GTE", "Greatest", "Group", "GroupConcat", "GroupingSets", "Having", "Hint", "ILike",
    "Identifier", "If", "IgnoreNulls", "In", "Insert", "Intersect", "Interval", "Is", "Join", "LT",
    "LTE", "Lag", "LastValue", "Lead", "Least", "Like", "Limit", "Literal", "Max", "Median",
    "Merge", "Min", "Mod", "Mul", "NEQ", "Neg", "Not", "NthValue", "Ntile", "Null", "NullSafeEQ",
    "NullSafeNEQ", "Nullif", "Offset", "Or", "Order", "Ordered", "Paren", "PercentRank",
    "PercentileCont", "PercentileDisc", "Pow", "PropertyEQ", "Pseudocolumn", "Qualify", "Rank",
    "RegexpILike", "RegexpLike", "RespectNulls", "Rollup", "Round", "RowNumber", "Schema",
    "Select", "SessionUser", "SimilarTo", "Sqrt", "Star", "Stddev", "StddevPop", "StddevSamp",
    "StrPosition", "Sub", "Subquery", "Substring", "Sum", "Table", "TableAlias", "Trim", "TryCast",
    "Tuple", "Union", "Update", "Values", "Var", "Variance", "VariancePop", "When", "Whens",
    "Where", "Window", "WindowSpec", "With", "WithinGroup",
})  # fmt: skip

NEEDS_FRAME = (
    exp.Sum, exp.Avg, exp.Count, exp.Min, exp.Max, exp.FirstValue, exp.LastValue, exp.NthValue,
    exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop,
)  # fmt: skip


def check(tree: exp.Expr) -> None:
    """Refuse what is not known.

    Raises:
        NotEmulatedError: names the construct.
    """
    for node in tree.walk():
        name = type(node).__name__
        if name not in KNOWN:
            raise NotEmulatedError(f"{name.upper()} in a query")
        if isinstance(node, exp.Select):
            _check_select(node)
        if isinstance(node, exp.Window):
            _check_frame(node)


def _check_select(node: exp.Select) -> None:
    for clause in (
        "locks",
        "laterals",
        "match",
        "pivots",
        "sample",
        "cluster",
        "sort",
        "distribute",
    ):
        if node.args.get(clause):
            raise NotEmulatedError(f"{clause.upper()} in a query")
    distinct = node.args.get("distinct")
    if isinstance(distinct, exp.Distinct) and distinct.args.get("on"):
        raise SqlError("SELECT DISTINCT ON is not supported")


def _check_frame(node: exp.Window) -> None:
    function = node.this.this if isinstance(node.this, exp.IgnoreNulls) else node.this
    ordered = node.args.get("order") is not None
    if ordered and isinstance(function, NEEDS_FRAME) and node.args.get("spec") is None:
        raise SqlError("Aggregate window functions with an ORDER BY clause require a frame clause")


FIGURED: dict[type[exp.Expr], str] = {
    exp.Count: "count", exp.Sum: "sum", exp.Avg: "avg", exp.Min: "min", exp.Max: "max",
    exp.Coalesce: "coalesce", exp.Nullif: "nullif", exp.Greatest: "greatest", exp.Least: "least",
    exp.Round: "round", exp.Trim: "btrim", exp.Substring: "substring", exp.Extract: "date_part",
    exp.StrPosition: "position", exp.GroupConcat: "listagg", exp.Median: "median",
    exp.PercentileCont: "percentile_cont", exp.PercentileDisc: "percentile_disc",
    exp.RowNumber: "row_number", exp.Rank: "rank", exp.DenseRank: "dense_rank", exp.Lag: "lag",
    exp.Lead: "lead", exp.FirstValue: "first_value", exp.LastValue: "last_value",
    exp.NthValue: "nth_value", exp.Ntile: "ntile", exp.PercentRank: "percent_rank",
    exp.CumeDist: "cume_dist", exp.AnyValue: "any_value", exp.ApproxDistinct: "count",
    exp.Stddev: "stddev", exp.StddevSamp: "stddev_samp", exp.StddevPop: "stddev_pop",
    exp.Variance: "variance", exp.VariancePop: "var_pop", exp.CurrentDate: "date",
    exp.CurrentTimestamp: "timestamp", exp.CurrentUser: "current_user", exp.Exists: "?column?",
}  # fmt: skip
FUNCTION_NAMES = {"dateadd": "date_add", "datediff": "date_diff", "isnull": "coalesce"}
NO_NAME = "?column?"


def name_columns(tree: exp.Expr) -> None:
    """Give the columns of every query level the names that Redshift gives them."""
    for select in tree.find_all(exp.Select):
        if isinstance(select.parent, exp.Exists | exp.In):
            continue
        for number, column in enumerate(list(select.expressions)):
            if isinstance(column, exp.Alias | exp.Star | exp.Column):
                continue
            alias = exp.to_identifier(figure(column), quoted=True)
            select.expressions[number] = column
            column.replace(exp.Alias(this=column.copy(), alias=alias))


def figure(node: exp.Expr) -> str:
    """The name of a column that has no alias."""
    if isinstance(node, exp.Column):
        return str(node.name)
    if isinstance(node, exp.Dot | exp.Bracket):
        return str(node.expression.name) if isinstance(node, exp.Dot) else figure(node.this)
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        return FUNCTION_NAMES.get(name, name)
    if isinstance(
        node, exp.Window | exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls | exp.Paren
    ):
        return figure(node.this)
    if isinstance(node, exp.Cast):
        inner = figure(node.this)
        return inner if inner != NO_NAME else cast_name(node)
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        inner = figure(default) if default is not None else NO_NAME
        return inner if inner != NO_NAME else "case"
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        return str(node.this.selects[0].alias_or_name or figure(node.this.selects[0]))
    return FIGURED.get(type(node), NO_NAME)


CAST_NAMES = {
    exp.DType.INT: "int4",
    exp.DType.BIGINT: "int8",
    exp.DType.SMALLINT: "int2",
    exp.DType.DOUBLE: "float8",
    exp.DType.FLOAT: "float4",
    exp.DType.DECIMAL: "numeric",
    exp.DType.BOOLEAN: "bool",
    exp.DType.TEXT: "varchar",
    exp.DType.CHAR: "bpchar",
}


def cast_name(node: exp.Cast) -> str:
    """The name of the type that a literal is cast to."""
    return CAST_NAMES.get(node.to.this, str(node.to.this.value).lower())
