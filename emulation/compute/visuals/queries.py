"""The queries of one visual: rows that its filters keep, grouped, sorted, and limited."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.filters import Conditions
from emulation.compute.visuals.relation import DataSet, Row
from emulation.compute.visuals.values import Type, literal

OTHER = "Other"
MOST_ROWS = 10_000
"""What one drawing takes, as much as QuickSight's largest."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """SQL to sort by, and its direction."""

    sql: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.sql} {'DESC' if self.descending else 'ASC'} NULLS LAST"


@dataclass(frozen=True)
class Questions:
    """Asks a data set what a visual shows."""

    data: DataSet
    conditions: Conditions

    @property
    def kept(self) -> str:
        """The rows that the filters keep."""
        sql = f"SELECT * FROM ({self.data.relation.sql}) AS _data"
        if self.conditions.rows:
            sql += f" WHERE {' AND '.join(self.conditions.rows)}"
        for top in self.conditions.tops:
            first = (
                f"SELECT {top.value} FROM ({sql}) AS _all GROUP BY {top.value} "
                f"ORDER BY {', '.join(top.order)} LIMIT {top.limit}"
            )
            sql = f"SELECT * FROM ({sql}) AS _top WHERE {top.value} IN ({first})"
        return sql

    def _having(self) -> str:
        groups = self.conditions.groups
        return f" HAVING {' AND '.join(groups)}" if groups else ""

    def grouped(
        self,
        dimensions: Sequence[WellField],
        measures: Sequence[WellField],
        sorting: Sequence[Sorting] = (),
        limit: int = MOST_ROWS,
    ) -> list[Row]:
        """One row a mark: its dimensions, then its measures."""
        selected = [field.value.sql for field in (*dimensions, *measures)]
        places = [str(place) for place in range(1, len(dimensions) + 1)]
        group = f" GROUP BY {', '.join(places)}" if places else ""
        order = [str(one) for one in sorting] or [f"{place} NULLS LAST" for place in places]
        sql = f"SELECT {', '.join(selected)} FROM ({self.kept}) AS _kept{group}{self._having()}"
        if order and places:
            sql += f" ORDER BY {', '.join(order)}"
        return self.data.reader.rows(f"{sql} LIMIT {limit}")

    def ranked(
        self, field: WellField, sorting: Sequence[Sorting], limit: int, *, alone: bool
    ) -> tuple[list[Any], bool]:
        """The first values of a dimension, and whether there are more.

        `alone` says that the visual has no other dimension, so that filters on aggregates count.
        """
        order = [str(one) for one in sorting] or [f"{field.value.sql} NULLS LAST"]
        having = self._having() if alone else ""
        sql = (
            f"SELECT {field.value.sql} FROM ({self.kept}) AS _kept GROUP BY 1{having} "
            f"ORDER BY {', '.join(order)} LIMIT {limit + 1}"
        )
        values = [row[0] for row in self.data.reader.rows(sql)]
        return values[:limit], len(values) > limit

    def restricted(self, field: WellField, values: Sequence[Any]) -> "Questions":
        """Only rows whose dimension has one of these values."""
        conditions = replace(
            self.conditions, rows=[*self.conditions.rows, among(field.value.sql, values)]
        )
        return replace(self, conditions=conditions)

    def listed(
        self, fields: Sequence[WellField], sorting: Sequence[Sorting], limit: int
    ) -> list[Row]:
        """Single rows."""
        selected = ", ".join(field.value.sql for field in fields)
        order = f" ORDER BY {', '.join(map(str, sorting))}" if sorting else ""
        return self.data.reader.rows(
            f"SELECT {selected} FROM ({self.kept}) AS _kept{order} LIMIT {limit}"
        )

    def counted(self, dimensions: Sequence[WellField]) -> int:
        """How many rows, or marks, there are in all."""
        if not dimensions:
            return int(self.data.reader.rows(f"SELECT count(*) FROM ({self.kept}) AS _kept")[0][0])
        listed = ", ".join(field.value.sql for field in dimensions)
        places = ", ".join(str(place) for place in range(1, len(dimensions) + 1))
        inner = f"SELECT {listed} FROM ({self.kept}) AS _kept GROUP BY {places}{self._having()}"
        return int(self.data.reader.rows(f"SELECT count(*) FROM ({inner}) AS _marks")[0][0])


def among(sql: str, values: Sequence[Any]) -> str:
    """Whether a value is one of some, of which one may be nothing."""
    plain = [literal(value) for value in values if value is not None]
    tests = [f"{sql} IN ({', '.join(plain)})"] if plain else []
    tests += [f"{sql} IS NULL"] if None in values else []
    return f"({' OR '.join(tests)})" if tests else "FALSE"


def with_other(field: WellField, values: Sequence[Any]) -> WellField:
    """A dimension whose values beyond these are one: the others."""
    sql = field.value.sql
    if field.type is not Type.STRING:
        return field
    test = among(sql, values)
    changed = f"CASE WHEN {test} THEN {sql} ELSE {literal(OTHER)} END"
    return replace(field, value=replace(field.value, sql=changed))
