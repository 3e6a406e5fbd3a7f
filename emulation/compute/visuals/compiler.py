"""From the tree of an expression to SQL.

A calculated field that is used in another stands in its place, in parentheses: the engine computes
equal parts once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from emulation.compute.visuals import expressions as tree
from emulation.compute.visuals.aggregates import AGGREGATES, aggregated, percentile
from emulation.compute.visuals.compiled import Compiled, Level, common_type, counted, level_of
from emulation.compute.visuals.errors import (
    Mismatch,
    MissingColumn,
    MissingParameter,
    NotDrawn,
    SyntaxMistake,
    UnknownFunction,
)
from emulation.compute.visuals.functions import FUNCTIONS, NOT_COMPUTED, Function, written_out
from emulation.compute.visuals.table_calculations import MISSING, TableCalculations
from emulation.compute.visuals.values import NUMBERS, Type, Value, literal, quoted, type_of

KINDS = {"n": NUMBERS, "s": {Type.STRING}, "d": {Type.DATETIME}, "b": {Type.TRUTH}}
WORDS = {"n": "a number", "s": "a text", "d": "a date", "b": "a condition"}
PERCENTILES = {"percentile", "percentilecont", "percentiledisc"}

ParameterValue = Value | list[Value]


@dataclass(frozen=True)
class Compiler:
    """Knows the columns, the calculated fields and the parameters that an expression may name."""

    columns: Mapping[str, Type]
    calculated: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """SQL of the columns that the visual groups by."""
    grouped: bool = False
    """Whether columns mean the visual's dimensions, as they do where its marks are divided."""
    inside: tuple[str, ...] = ()
    """The calculated fields that are being read, so that none reads itself."""

    def expression(self, text: str) -> Compiled:
        """An expression's SQL.

        Raises:
            VisualError: says what is wrong with it.
        """
        return self.node(tree.read(text))

    def column(self, name: str) -> Compiled:
        """A column or a calculated field."""
        if self.grouped:
            return self._dimension(name)
        if name in self.calculated and name not in self.inside:
            inner = replace(self, inside=(*self.inside, name))
            found = inner.expression(self.calculated[name])
            return replace(found, sql=f"({found.sql})")
        if name in self.columns:
            return Compiled(quoted(name), self.columns[name])
        if name in self.inside:
            raise Mismatch(f"Calculated field {name} refers to itself.")
        raise MissingColumn(name)

    def _dimension(self, name: str) -> Compiled:
        if name not in self.dimensions:
            raise Mismatch(MISSING.format(name))
        kind = replace(self, grouped=False).column(name).type
        return Compiled(self.dimensions[name], kind, Level.GROUP)

    def node(self, node: tree.Node) -> Compiled:
        """A part of an expression."""
        match node:
            case tree.Literal(value):
                return Compiled(literal(value), type_of(value), Level.CONSTANT)
            case tree.Field(name):
                return self.column(name)
            case tree.Parameter(name):
                return self._parameter(name)
            case tree.Unary():
                return self._unary(node)
            case tree.Binary():
                return self._binary(node)
            case tree.Call():
                return self._call(node)
        raise SyntaxMistake("A list stands where a value is expected.")

    def _parameter(self, name: str) -> Compiled:
        if name not in self.parameters:
            raise MissingParameter(name)
        value = self.parameters[name]
        if isinstance(value, list):
            raise Mismatch(f"Parameter {name} has several values; use it with in().")
        return Compiled(literal(value), type_of(value), Level.CONSTANT)

    def _unary(self, node: tree.Unary) -> Compiled:
        inner = self.node(node.operand)
        wanted = "b" if node.sign == "NOT" else "n"
        self._check(node.sign, wanted, inner)
        return replace(inner, sql=f"({node.sign} {inner.sql})")

    def _binary(self, node: tree.Binary) -> Compiled:
        left, right = self.node(node.left), self.node(node.right)
        level = level_of([left, right])
        if node.sign in {"AND", "OR"}:
            self._check(node.sign, "b", left)
            self._check(node.sign, "b", right)
            return Compiled(f"({left.sql} {node.sign} {right.sql})", Type.TRUTH, level)
        if node.sign in tree.COMPARISONS:
            left, right = comparable(left, right)
            return Compiled(f"({left.sql} {node.sign} {right.sql})", Type.TRUTH, level)
        return Compiled(*self._arithmetic(node.sign, left, right), level)

    def _arithmetic(self, sign: str, left: Compiled, right: Compiled) -> tuple[str, Type]:
        if sign == "+" and Type.STRING in {left.type, right.type}:
            self._check("+", "s", left)
            self._check("+", "s", right)
            return f"({left.sql} || {right.sql})", Type.STRING
        self._check(sign, "n", left)
        self._check(sign, "n", right)
        whole = left.type is right.type is Type.INTEGER
        match sign:
            case "/":
                # Never whole, and nothing where the divisor is zero.
                return f"(CAST({left.sql} AS DOUBLE) / nullif({right.sql}, 0))", Type.DECIMAL
            case "%":
                kind = Type.INTEGER if whole else Type.DECIMAL
                return f"({left.sql} % nullif({right.sql}, 0))", kind
            case "^":
                return f"pow({left.sql}, {right.sql})", Type.DECIMAL
        return f"({left.sql} {sign} {right.sql})", Type.INTEGER if whole else Type.DECIMAL

    @staticmethod
    def _check(name: str, wanted: str, part: Compiled) -> None:
        if wanted in KINDS and part.type not in KINDS[wanted] | {Type.NOTHING}:
            raise Mismatch(f"{name} takes {WORDS[wanted]}, not {part.type}.")

    def _call(self, call: tree.Call) -> Compiled:
        name = call.name.lower()
        if name in {"in", "notin"}:
            return self._among(call)
        if name in AGGREGATES or (name.endswith("if") and name[:-2].rstrip("_") in AGGREGATES):
            return self._aggregate(name, call)
        if name in PERCENTILES:
            return self._percentile(name, call)
        if name in FUNCTIONS:
            return self._function(call, FUNCTIONS[name])
        tables = TableCalculations(self.node, replace(self, grouped=True).node)
        found = tables.call(name, call)
        if found is None and name in NOT_COMPUTED:
            raise NotDrawn(f"Function {call.name}")
        if found is None:
            raise UnknownFunction(call.name)
        return found

    def _among(self, call: tree.Call) -> Compiled:
        if len(call.arguments) != 2:
            raise Mismatch(f"{call.name} takes a value and a list.")
        value = self.node(call.arguments[0])
        items = self._items(call.arguments[1])
        common_type([value, *items])
        listed = ", ".join(item.sql for item in items) or "NULL"
        word = "IN" if call.name.lower() == "in" else "NOT IN"
        return Compiled(f"({value.sql} {word} ({listed}))", Type.TRUTH, value.level)

    def _items(self, node: tree.Node) -> list[Compiled]:
        """The items of a list, or of a parameter with several values."""
        if isinstance(node, tree.Several):
            return [self.node(item) for item in node.items]
        if isinstance(node, tree.Parameter) and node.name in self.parameters:
            value = self.parameters[node.name]
            several = value if isinstance(value, list) else [value]
            return [Compiled(literal(one), type_of(one), Level.CONSTANT) for one in several]
        return [self.node(node)]

    def _aggregate(self, name: str, call: tree.Call) -> Compiled:
        conditional = name.endswith("if") and name not in AGGREGATES
        if len(call.arguments) != 1 + conditional:
            if call.arguments and isinstance(call.arguments[-1], tree.Several):
                raise NotDrawn(f"Function {call.name} with fields to compute by")
            raise Mismatch(f"{call.name} does not take {len(call.arguments)} arguments.")
        part = self.node(call.arguments[0])
        if not conditional:
            return aggregated(name, part)
        condition = self.node(call.arguments[1])
        self._check(call.name, "b", condition)
        level_of([part, condition])
        return aggregated(name[:-2].rstrip("_"), part, condition.sql)

    def _percentile(self, name: str, call: tree.Call) -> Compiled:
        if len(call.arguments) != 2 or not isinstance(call.arguments[1], tree.Literal):
            raise Mismatch(f"{call.name} takes a number and a percentage that is written out.")
        percent = call.arguments[1].value
        if not isinstance(percent, int | float) or not 0 <= percent <= 100:
            raise Mismatch(f"{call.name} takes a percentage from 0 to 100.")
        return percentile(name, self.node(call.arguments[0]), percent)

    def _function(self, call: tree.Call, function: Function) -> Compiled:
        wanted = signature(call, function)
        parts: list[Compiled] = []
        sqls: list[str] = []
        for kind, argument in zip(wanted, call.arguments, strict=True):
            if kind in "pfm":
                sqls.append(self._written(call, kind, argument))
                continue
            part = self._as_date(argument) if kind == "d" else self.node(argument)
            self._check(call.name, kind, part)
            parts.append(part)
            sqls.append(part.sql)
        result = function.result if isinstance(function.result, Type) else function.result(parts)
        return Compiled(function.build(sqls), result, level_of(parts))

    def _as_date(self, argument: tree.Node) -> Compiled:
        found = self.node(argument)
        if found.type is Type.STRING and found.level is Level.CONSTANT:
            return Compiled(f"CAST({found.sql} AS TIMESTAMP)", Type.DATETIME, Level.CONSTANT)
        return found

    @staticmethod
    def _written(call: tree.Call, kind: str, argument: tree.Node) -> str:
        if kind == "m":
            return argument.name if isinstance(argument, tree.Field) else ""
        if not isinstance(argument, tree.Literal):
            raise Mismatch(f"{call.name} takes its period or pattern written out.")
        return written_out(kind, argument.value, extracting=call.name.lower() == "extract")


def signature(call: tree.Call, function: Function) -> str:
    """A letter for each argument of a call.

    Raises:
        Mismatch: there are too few or too many.
    """
    needed, _, optional = function.signature.partition("?")
    repeated = (needed + optional).endswith("*")
    needed, optional = needed.rstrip("*"), optional.rstrip("*")
    given = len(call.arguments)
    if given < len(needed) or (not repeated and given > len(needed + optional)):
        raise Mismatch(f"{call.name} does not take {given} arguments.")
    letters = needed + optional
    if repeated and given > len(letters):
        letters += letters[-1] * (given - len(letters))
    if call.name.lower() == "ifelse":
        # Conditions and values in turn; a last one alone is the value of all else.
        turns = "".join("b" if at % 2 == 0 else "x" for at in range(given))
        return turns[:-1] + "x" if given % 2 else turns
    return letters[:given]


def comparable(left: Compiled, right: Compiled) -> tuple[Compiled, Compiled]:
    """Two sides of a comparison; a text that is written out beside a date is a date, and a
    condition beside a number is 1 or 0, which is what QuickSight makes of columns of truths.

    Raises:
        Mismatch: they cannot be compared.
    """
    sides = [left, right]
    if Type.DATETIME in {left.type, right.type}:
        sides = [
            replace(side, sql=f"CAST({side.sql} AS TIMESTAMP)", type=Type.DATETIME)
            if side.type is Type.STRING and side.level is Level.CONSTANT
            else side
            for side in sides
        ]
    if {left.type, right.type} == {Type.TRUTH, Type.INTEGER}:
        sides = [counted(side) for side in sides]
    common_type(sides)
    return sides[0], sides[1]
