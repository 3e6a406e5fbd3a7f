"""An expression in SQL, what it holds, and where in a query it may stand."""

from dataclasses import dataclass, replace
from enum import IntEnum

from emulation.compute.visuals.errors import Mismatch
from emulation.compute.visuals.values import NUMBERS, Type


class Level(IntEnum):
    """What an expression is computed from; it is that of its highest part."""

    CONSTANT = 0
    ROW = 1
    """One row of the data."""
    GROUP = 2
    """All rows of a mark of the visual."""
    TABLE = 3
    """The marks of the visual together."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL with its type and level."""

    sql: str
    type: Type
    level: Level = Level.ROW


def counted(part: Compiled) -> Compiled:
    """A condition as the number that QuickSight keeps of it, 1 or 0; all else as it is."""
    if part.type is not Type.TRUTH:
        return part
    return replace(part, sql=f"CAST({part.sql} AS BIGINT)", type=Type.INTEGER)


def level_of(parts: list[Compiled]) -> Level:
    """The level of what is computed from parts.

    Raises:
        Mismatch: single rows and groups of rows meet.
    """
    levels = {part.level for part in parts} - {Level.CONSTANT}
    if Level.ROW in levels and len(levels) > 1:
        raise Mismatch(
            "Mismatched aggregation. Custom aggregations can't contain both aggregate and "
            "nonaggregated fields, in any combination."
        )
    return max(levels, default=Level.CONSTANT)


def common_type(parts: list[Compiled]) -> Type:
    """The type of a value that is one of several.

    Raises:
        Mismatch: they have none in common.
    """
    types = {part.type for part in parts} - {Type.NOTHING}
    if len(types) <= 1:
        return next(iter(types), Type.NOTHING)
    if types <= NUMBERS:
        return Type.DECIMAL
    raise Mismatch(f"{' and '.join(sorted(types))} are of different types.")
