"""How numbers and dates are written, in tables and on axes: format configurations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulation.compute.visuals.date_formats import SHOWN, directives

Members = Mapping[str, Any]
SCALES = {
    "THOUSANDS": (1e3, "K"), "MILLIONS": (1e6, "M"), "BILLIONS": (1e9, "B"),
    "TRILLIONS": (1e12, "T"), "LAKHS": (1e5, "L"), "CRORES": (1e7, "Cr"),
}  # fmt: skip
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "¥", "KRW": "₩"}
SEPARATORS = {"COMMA": ",", "DOT": ".", "SPACE": " "}
NULL = "–"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How numbers of a field are written."""

    prefix: str = ""
    suffix: str = ""
    decimals: int | None = None
    percent: bool = False
    scale: str = "NONE"
    thousands: str = ","
    point: str = "."
    null: str = NULL

    def text(self, value: float | None) -> str:
        """A number as a reader sees it."""
        if value is None:
            return self.null
        factor, unit = self._scaled(value)
        number = float(value) * (100 if self.percent else 1) / factor
        written = self._grouped(number, self._decimals(number, value, unit))
        return f"{self.prefix}{written}{unit}{'%' if self.percent else ''}{self.suffix}"

    def _scaled(self, value: float) -> tuple[float, str]:
        if self.scale == "AUTO":
            for factor, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
                if abs(value) >= factor:
                    return factor, unit
        return SCALES.get(self.scale, (1.0, ""))

    def _decimals(self, number: float, value: float, unit: str) -> int:
        if self.decimals is not None:
            return self.decimals
        if isinstance(value, int) and not unit:
            return 0
        return 0 if number == int(number) and not unit else 2

    def _grouped(self, number: float, decimals: int) -> str:
        text = f"{number:,.{decimals}f}"
        if self.point == "." and self.thousands == ",":
            return text
        return "".join(
            {",": self.thousands, ".": self.point}.get(letter, letter) for letter in text
        )

    @property
    def axis(self) -> str:
        """Vega's expression that writes a number of an axis."""
        decimals = f".{self.decimals}" if self.decimals is not None else "~"
        if self.percent:
            kind = f".{self.decimals}%" if self.decimals is not None else ".3~p"
        elif self.scale == "AUTO" or self.decimals is None:
            kind = "~s" if self.scale == "AUTO" else ",~f"
        else:
            kind = f",{decimals}f"
        return f"{quoted(self.prefix)} + format(datum.value, '{kind}') + {quoted(self.suffix)}"


def quoted(text: str) -> str:
    """A text in Vega's expressions."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def number_format(given: Members | None) -> NumberFormat:
    """The format of a measure's or a dimension's configuration."""
    numeric = given or {}
    numeric = numeric.get("NumericFormatConfiguration") or numeric
    numeric = numeric.get("FormatConfiguration") or numeric
    for kind in ("Percentage", "Currency", "Number"):
        if found := numeric.get(f"{kind}DisplayFormatConfiguration"):
            return _number_format(kind, found)
    return NumberFormat()


def _number_format(kind: str, given: Members) -> NumberFormat:
    decimals = (given.get("DecimalPlacesConfiguration") or {}).get("DecimalPlaces")
    separators = given.get("SeparatorConfiguration") or {}
    grouping = separators.get("ThousandsSeparator") or {}
    hidden = grouping.get("Visibility") == "HIDDEN"
    symbol = SYMBOLS.get(given.get("Symbol", "USD"), f"{given.get('Symbol')} ")
    default = 2 if kind == "Currency" else None
    return NumberFormat(
        prefix=given.get("Prefix", "") + (symbol if kind == "Currency" else ""),
        suffix=given.get("Suffix", ""),
        decimals=default if decimals is None else int(decimals),
        percent=kind == "Percentage",
        scale=given.get("NumberScale", "NONE"),
        thousands="" if hidden else SEPARATORS[grouping.get("Symbol", "COMMA")],
        point=SEPARATORS[separators.get("DecimalSeparator", "DOT")],
        null=(given.get("NullValueFormatConfiguration") or {}).get("NullString", NULL),
    )


@dataclass(frozen=True, slots=True)
class DateFormat:
    """How dates of a field are written."""

    pattern: str
    granularity: str = "day"
    null: str = NULL

    def text(self, value: datetime | None) -> str:
        """A date as a reader sees it."""
        if value is None:
            return self.null
        if self.granularity == "quarter" and self.pattern == SHOWN["quarter"]:
            return f"Q{(value.month + 2) // 3} {value.year}"
        return value.strftime(self.pattern.replace("%g", f"{value.microsecond // 1000:03d}"))

    @property
    def axis(self) -> str:
        """The pattern of an axis."""
        return "Q%q %Y" if self.pattern == SHOWN["quarter"] else self.pattern.replace("%g", "%L")


def date_format(given: Members | None, granularity: str) -> DateFormat:
    """The format of a date field; by its granularity where nothing is said.

    Raises:
        NotDrawn: a pattern with letters that are not known here.
    """
    given = given or {}
    given = given.get("DateTimeFormatConfiguration") or given
    null = (given.get("NullValueFormatConfiguration") or {}).get("NullString", NULL)
    pattern = SHOWN[granularity]
    if given.get("DateTimeFormat"):
        pattern = directives(given["DateTimeFormat"])
    return DateFormat(pattern, granularity, null)
