"""Types of expressions where Redshift's result depends on them and DuckDB's does not.

Redshift adds integers to a BIGINT, averages them to a BIGINT, divides decimals exactly to a scale
computed from both sides; DuckDB answers DOUBLE. sqlglot walks the query's scopes; the rules of
numbers here are Redshift's ("Computations with numeric values" in its guide). A type that cannot be
known stays unknown, and the rewrite that needs it falls back to one that is right in value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from emulation.compute.redshift_sql.column_types import ColumnType
from emulation.compute.redshift_sql.dialect import WarehouseDialect

TAG = "warehouse_node"
TYPED = (exp.Sum, exp.Avg, exp.Div)

Tables = Mapping[tuple[str, str], Mapping[str, ColumnType]]
"""By schema and name, the columns of the tables that a statement reads."""


@dataclass(slots=True)
class Inferred:
    """What is known: types of tagged nodes' operands, and where plain output columns come from."""

    operands: dict[int, tuple[exp.DataType | None, ...]] = field(default_factory=dict)
    origins: list[tuple[str, str, str] | None] = field(default_factory=list)


INTEGER_DIGITS = {
    exp.DType.SMALLINT: 5,
    exp.DType.INT: 10,
    exp.DType.BIGINT: 19,
}


def digits(type_: exp.DataType | None) -> tuple[int, int] | None:
    """Precision and scale of an exact number; none for anything else."""
    if type_ is None:
        return None
    if type_.this in INTEGER_DIGITS:
        return INTEGER_DIGITS[type_.this], 0
    if type_.this is exp.DType.DECIMAL and len(type_.expressions) == 2:
        precision, scale = (int(parameter.name) for parameter in type_.expressions)
        return precision, scale
    return None


def is_decimal(type_: exp.DataType | None) -> bool:
    """Whether it is a decimal whose scale is known."""
    return type_ is not None and type_.this is exp.DType.DECIMAL and digits(type_) is not None


def quotient(left: tuple[int, int], right: tuple[int, int]) -> tuple[int, int]:
    """Precision and scale of a division."""
    scale = max(4, left[1] + right[0] - right[1] + 1)
    precision = left[0] - left[1] + right[1] + scale
    if precision > 38:
        scale = max(4, scale - (precision - 38))
    return min(precision, 38), min(scale, 37)


def _decimal(precision: int, scale: int) -> exp.DataType:
    return exp.DataType.build(f"DECIMAL({min(precision, 38)},{min(scale, 37)})")


def _literal(annotator: Any, node: exp.Literal) -> exp.Expr:
    if node.is_string:
        return annotator._set_type(node, exp.DType.VARCHAR)
    if "e" in node.this.lower():
        return annotator._set_type(node, exp.DType.DOUBLE)
    whole, point, fraction = node.this.partition(".")
    if point:
        return annotator._set_type(
            node, _decimal(len(whole.lstrip("0")) + len(fraction), len(fraction))
        )
    value = int(whole)
    if value >= 2**63:
        return annotator._set_type(node, _decimal(len(whole), 0))
    return annotator._set_type(node, exp.DType.INT if value < 2**31 else exp.DType.BIGINT)


def _wider(left: exp.DataType, right: exp.DataType) -> exp.DataType | exp.DType:
    """What two numbers are together, in a sum or in the branches of a CASE."""
    floats = {exp.DType.FLOAT, exp.DType.DOUBLE}
    if left.this in floats or right.this in floats:
        return exp.DType.DOUBLE
    one, other = digits(left), digits(right)
    if one is None or other is None:
        return left if left.this == right.this else exp.DType.UNKNOWN
    if is_decimal(left) or is_decimal(right):
        scale = max(one[1], other[1])
        return _decimal(max(one[0] - one[1], other[0] - other[1]) + scale, scale)
    return left if one[0] >= other[0] else right


def _arithmetic(annotator: Any, node: exp.Binary) -> exp.Expr:
    left, right = node.this.type, node.expression.type
    if left is None or right is None:
        return annotator._set_type(node, exp.DType.UNKNOWN)
    one, other = digits(left), digits(right)
    exact = one and other and (is_decimal(left) or is_decimal(right))
    if exact and one and other and isinstance(node, exp.Mul):
        return annotator._set_type(node, _decimal(one[0] + other[0], one[1] + other[1]))
    if exact and one and other and isinstance(node, exp.Div):
        return annotator._set_type(node, _decimal(*quotient(one, other)))
    return annotator._set_type(node, _wider(left, right))


def _sum(annotator: Any, node: exp.Sum) -> exp.Expr:
    return annotator._set_type(node, summed(node.this.type) or exp.DType.UNKNOWN)


def summed(operand: exp.DataType | None) -> exp.DataType | None:
    """The type of a SUM."""
    places = digits(operand)
    if operand is None or places is None:
        floats = operand is not None and operand.this in {exp.DType.FLOAT, exp.DType.DOUBLE}
        return exp.DType.DOUBLE.into_expr() if floats else None
    if operand.this in {exp.DType.SMALLINT, exp.DType.INT}:
        return exp.DType.BIGINT.into_expr()
    return _decimal(38, places[1])


def _average(annotator: Any, node: exp.Avg) -> exp.Expr:
    operand = node.this.type
    if operand is not None and operand.this in INTEGER_DIGITS:
        return annotator._set_type(node, exp.DType.BIGINT)
    places = digits(operand)
    if places is not None:
        return annotator._set_type(node, _decimal(38, places[1]))
    return annotator._set_type(node, summed(operand) or exp.DType.UNKNOWN)


def _branches(annotator: Any, node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]]
        values += [node.args["default"]] if node.args.get("default") else []
    else:
        values = [node.this, *node.expressions]
    types = [value.type for value in values if value.type and value.type.this is not exp.DType.NULL]
    if not types:
        return annotator._set_type(node, exp.DType.UNKNOWN)
    result: Any = types[0]
    for other in types[1:]:
        result = _wider(exp.DataType.build(result), other)
    return annotator._set_type(node, result)


def _same(annotator: Any, node: exp.Expr) -> exp.Expr:
    return annotator._set_type(node, node.this.type or exp.DType.UNKNOWN)


def _distinct(annotator: Any, node: exp.Distinct) -> exp.Expr:
    """`COUNT(DISTINCT a)` has the type of a; `SELECT DISTINCT` has none."""
    inner = node.expressions[0].type if node.expressions else None
    return annotator._set_type(node, inner or exp.DType.UNKNOWN)


CALLS = {
    "len": "INT",
    "date_part": "INT",
    "datediff": "BIGINT",
    "date_diff": "BIGINT",
    "sqrt": "DOUBLE",
    "ln": "DOUBLE",
    "log": "DOUBLE",
    "exp": "DOUBLE",
    "power": "DOUBLE",
    "dateadd": "TIMESTAMP",
    "date_trunc": "TIMESTAMP",
}


def _call(annotator: Any, node: exp.Anonymous) -> exp.Expr:
    name = node.name.lower()
    if name in {"abs", "ceil", "floor", "mod", "nvl", "isnull"} and node.expressions:
        first = node.expressions[0].type
        return annotator._set_type(node, first or exp.DType.UNKNOWN)
    return annotator._set_type(node, exp.DataType.build(CALLS.get(name, "UNKNOWN")))


RULES: dict[Any, Any] = {
    **WarehouseDialect.EXPRESSION_METADATA,
    exp.Literal: {"annotator": _literal},
    exp.Add: {"annotator": _arithmetic},
    exp.Sub: {"annotator": _arithmetic},
    exp.Mul: {"annotator": _arithmetic},
    exp.Div: {"annotator": _arithmetic},
    exp.Mod: {"annotator": _arithmetic},
    exp.Sum: {"annotator": _sum},
    exp.Avg: {"annotator": _average},
    exp.Count: {"returns": exp.DType.BIGINT},
    exp.Case: {"annotator": _branches},
    exp.Coalesce: {"annotator": _branches},
    exp.Greatest: {"annotator": _branches},
    exp.Least: {"annotator": _branches},
    exp.Nullif: {"annotator": _same},
    exp.Round: {"annotator": _same},
    exp.Min: {"annotator": _same},
    exp.Max: {"annotator": _same},
    exp.Distinct: {"annotator": _distinct},
    exp.Paren: {"annotator": _same},
    exp.Neg: {"annotator": _same},
    exp.Window: {"annotator": _same},
    exp.Anonymous: {"annotator": _call},
}


def infer(tree: exp.Expr, tables: Tables) -> Inferred:
    """Types of the sums, averages and divisions of a query; they are tagged in `tree` itself."""
    for number, node in enumerate(tree.find_all(*TYPED)):
        node.meta[TAG] = number
    known = Inferred()
    try:
        typed = _annotated(tree.copy(), tables)
    except (SqlglotError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # sqlglot's optimizer meets shapes that it cannot qualify; nothing is known of those.
        return known
    for node in typed.find_all(*TYPED):
        operands = (node.this, node.args.get("expression"))
        known.operands[node.meta[TAG]] = tuple(_known(one) for one in operands)
    known.origins = _origins(typed, tables)
    return known


def _known(node: exp.Expr | None) -> exp.DataType | None:
    if node is None or node.type is None or node.type.this is exp.DType.UNKNOWN:
        return None
    return node.type


def _annotated(tree: exp.Expr, tables: Tables) -> exp.Expr:
    schema = MappingSchema(dialect=WarehouseDialect, normalize=False)
    for (place, name), columns in tables.items():
        types = {column: of.duckdb() for column, of in columns.items()}
        schema.add_table(exp.table_(name, db=place), types, dialect="duckdb")
    qualified = qualify(
        tree,
        schema=schema,
        dialect=WarehouseDialect,
        validate_qualify_columns=False,
        identify=False,
        quote_identifiers=False,
        canonicalize_table_aliases=False,
    )
    return annotate_types(
        qualified, schema=schema, expression_metadata=RULES, dialect=WarehouseDialect
    )


def _origins(tree: exp.Expr, tables: Tables) -> list[tuple[str, str, str] | None]:
    """For each output column the schema, table and column that it is a plain copy of."""
    scope = build_scope(tree)
    if scope is None or not isinstance(scope.expression, exp.Select):
        return []
    return [_origin(one.unalias(), scope, tables) for one in scope.expression.selects]


def _origin(node: exp.Expr, scope: Scope, tables: Tables) -> tuple[str, str, str] | None:
    if not isinstance(node, exp.Column):
        return None
    source = scope.sources.get(node.table)
    if isinstance(source, exp.Table) and (source.db, source.name) in tables:
        return source.db, source.name, node.name
    if isinstance(source, Scope) and isinstance(source.expression, exp.Select):
        for inner in source.expression.selects:
            if inner.alias_or_name == node.name:
                return _origin(inner.unalias(), source, tables)
    return None
