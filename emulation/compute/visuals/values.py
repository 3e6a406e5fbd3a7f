"""Types of columns, and values as SQL."""

from datetime import UTC, date, datetime
from enum import StrEnum

from emulation.compute.visuals.errors import Mismatch


class Type(StrEnum):
    """What a column holds, in QuickSight's words; a truth is none of them and only compared."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    DECIMAL = "DECIMAL"
    DATETIME = "DATETIME"
    TRUTH = "TRUTH"
    NOTHING = "NOTHING"


NUMBERS = {Type.INTEGER, Type.DECIMAL}
INPUT_TYPES = {
    "STRING": Type.STRING, "INTEGER": Type.INTEGER, "DECIMAL": Type.DECIMAL,
    "DATETIME": Type.DATETIME, "BIT": Type.INTEGER, "BOOLEAN": Type.INTEGER, "JSON": Type.STRING,
}  # fmt: skip
SQL_TYPES = {
    Type.STRING: "VARCHAR", Type.INTEGER: "BIGINT", Type.DECIMAL: "DOUBLE",
    Type.DATETIME: "TIMESTAMP",
}  # fmt: skip

Value = str | int | float | bool | datetime | None


def quoted(name: str) -> str:
    """A name in SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(value: Value) -> str:
    """A value in SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            return f"TIMESTAMP '{utc(value).isoformat(sep=' ')}'"
        case float():
            return f"CAST({value!r} AS DOUBLE)"
        case int():
            return str(value)
    escaped = str(value).replace("'", "''")
    return f"'{escaped}'"


def type_of(value: Value) -> Type:
    """The type of a value."""
    match value:
        case None:
            return Type.NOTHING
        case bool():
            return Type.TRUTH
        case int():
            return Type.INTEGER
        case float():
            return Type.DECIMAL
        case datetime():
            return Type.DATETIME
    return Type.STRING


def moment(value: object) -> datetime:
    """A moment from what a request, a template or a page says, without its zone, in UTC.

    Raises:
        Mismatch: it says none.
    """
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
    try:
        return utc(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise Mismatch(f"{value} is not a date.") from error


def utc(value: datetime) -> datetime:
    """Without a zone, in UTC."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
