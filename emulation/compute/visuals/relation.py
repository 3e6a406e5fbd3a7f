"""Data as visuals see it: a query in DuckDB's SQL, the types of its columns, who runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulation.compute.visuals.values import SQL_TYPES, Type, quoted

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A query whose columns have QuickSight's types."""

    sql: str
    columns: Mapping[str, Type]


class Reader(Protocol):
    """Runs queries where the data lies."""

    def rows(self, sql: str) -> list[Row]:
        """All rows of a query.

        Raises:
            DataError: the engine refuses it.
        """


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set of a definition."""

    relation: Relation
    reader: Reader


def typed(sql: str, columns: Mapping[str, Type]) -> Relation:
    """A source's own query, its columns cast to what the data set declares."""
    cast = ", ".join(
        f"CAST({quoted(name)} AS {SQL_TYPES[kind]}) AS {quoted(name)}"
        for name, kind in columns.items()
    )
    return Relation(f"SELECT {cast} FROM ({sql}) AS _source", columns)
