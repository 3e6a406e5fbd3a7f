"""Calculations over the marks of a visual: totals, ranks, running sums, differences.

They are computed after filters and aggregates (POST_AGG_FILTER, QuickSight's default), over the
visual's own dimensions. The earlier levels are refused by name.
"""

from collections.abc import Callable

from emulation.compute.visuals import expressions as tree
from emulation.compute.visuals.aggregates import ALONG, OVER, RANKS, SHIFTED, window
from emulation.compute.visuals.compiled import Compiled, Level
from emulation.compute.visuals.errors import Mismatch, NotDrawn
from emulation.compute.visuals.values import Type

RUNNING = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
EARLIER = {"PRE_AGG", "PRE_FILTER"}
MISSING = "Table calculation attribute reference(s) are missing in field wells: {}."


class TableCalculations:
    """Computes calls of one expression."""

    def __init__(
        self,
        compiled: Callable[[tree.Node], Compiled],
        of_dimensions: Callable[[tree.Node], Compiled],
    ) -> None:
        self._compiled = compiled
        self._of_dimensions = of_dimensions

    def call(self, name: str, call: tree.Call) -> Compiled | None:
        """A call's SQL; nothing when the function is none of these.

        Raises:
            VisualError: says what is wrong with it.
        """
        given = list(call.arguments)
        if given and isinstance(given[-1], tree.Field) and given[-1].name.upper() in EARLIER:
            raise NotDrawn(f"{call.name} at {given[-1].name}")
        if given and isinstance(given[-1], tree.Field) and given[-1].name == "POST_AGG_FILTER":
            given.pop()
        if name in OVER:
            return self._over(OVER[name], call.name, given)
        if name in RANKS:
            return self._rank(RANKS[name], call.name, given)
        if name in ALONG:
            return self._along(ALONG[name], call.name, given)
        if name in SHIFTED:
            return self._shifted(SHIFTED[name], call.name, given)
        match name:
            case "percentoftotal":
                total = self._over("sum", call.name, given)
                part = self._measure(call.name, given[0])
                sql = f"(CAST({part.sql} AS DOUBLE) / nullif({total.sql}, 0))"
                return Compiled(sql, Type.DECIMAL, Level.TABLE)
            case "difference" | "percentdifference":
                return self._difference(name, call.name, given)
        return None

    def _measure(self, name: str, node: tree.Node) -> Compiled:
        part = self._compiled(node)
        if part.level is Level.ROW:
            raise Mismatch(f"{name} takes an aggregate.")
        if part.level is Level.TABLE:
            raise Mismatch("Nesting of table calculations is not allowed.")
        return part

    def _over(self, function: str, name: str, given: list[tree.Node]) -> Compiled:
        self._count(name, given, 1, 2)
        part = self._measure(name, given[0])
        kind = Type.DECIMAL if function == "avg" else part.type
        sql = f"{function}({part.sql}) OVER {window(self._partition(given[1:]), [])}"
        if function == "sum" and kind is Type.INTEGER:
            sql = f"CAST({sql} AS BIGINT)"
        return Compiled(sql, Type.INTEGER if function == "count" else kind, Level.TABLE)

    def _rank(self, function: str, name: str, given: list[tree.Node]) -> Compiled:
        self._count(name, given, 1, 2)
        over = window(self._partition(given[1:]), self._order(given[0]))
        return Compiled(f"{function}() OVER {over}", Type.INTEGER, Level.TABLE)

    def _along(self, function: str, name: str, given: list[tree.Node]) -> Compiled:
        self._count(name, given, 2, 3)
        part = self._measure(name, given[0])
        over = window(self._partition(given[2:]), self._order(given[1]), RUNNING)
        kind = Type.INTEGER if function == "count" else part.type
        sql = f"{function}({part.sql}) OVER {over}"
        return Compiled(
            f"CAST({sql} AS BIGINT)" if kind is Type.INTEGER else sql,
            Type.DECIMAL if function == "avg" else kind,
            Level.TABLE,
        )

    def _shifted(self, function: str, name: str, given: list[tree.Node]) -> Compiled:
        self._count(name, given, 3, 4)
        part = self._measure(name, given[0])
        steps = self._steps(name, given[2])
        over = window(self._partition(given[3:]), self._order(given[1]))
        return Compiled(f"{function}({part.sql}, {steps}) OVER {over}", part.type, Level.TABLE)

    def _difference(self, key: str, name: str, given: list[tree.Node]) -> Compiled:
        self._count(name, given, 2, 4)
        part = self._measure(name, given[0])
        steps = self._steps(name, given[2]) if len(given) > 2 else -1
        over = window(self._partition(given[3:]), self._order(given[1]))
        other = f"lag({part.sql}, {-steps}) OVER {over}"
        if key == "difference":
            return Compiled(f"({part.sql} - {other})", part.type, Level.TABLE)
        sql = f"(CAST({part.sql} - {other} AS DOUBLE) / nullif({other}, 0))"
        return Compiled(sql, Type.DECIMAL, Level.TABLE)

    @staticmethod
    def _count(name: str, given: list[tree.Node], least: int, most: int) -> None:
        if not least <= len(given) <= most:
            raise Mismatch(f"{name} does not take {len(given)} arguments.")

    @staticmethod
    def _steps(name: str, node: tree.Node) -> int:
        match node:
            case tree.Literal(int() as steps):
                return steps
            case tree.Unary("-", tree.Literal(int() as steps)):
                return -steps
        raise Mismatch(f"{name} takes a whole number of steps.")

    def _partition(self, given: list[tree.Node]) -> list[str]:
        if not given:
            return []
        items = given[0].items if isinstance(given[0], tree.Several) else (given[0],)
        return [self._of_dimensions(item).sql for item in items]

    def _order(self, node: tree.Node) -> list[str]:
        items = node.items if isinstance(node, tree.Several) else (node,)
        return [self._sorted(item) for item in items]

    def _sorted(self, node: tree.Node) -> str:
        descending = isinstance(node, tree.Ordered) and node.descending
        inner = node.operand if isinstance(node, tree.Ordered) else node
        part = self._compiled(inner)
        sql = self._of_dimensions(inner).sql if part.level is Level.ROW else part.sql
        return f"{sql} {'DESC' if descending else 'ASC'} NULLS LAST"
