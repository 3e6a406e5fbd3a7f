"""Patterns of dates as QuickSight writes them (`yyyy-MM-dd HH:mm`), as DuckDB and Python take them,
and the periods of its date functions.
"""

import re

from emulation.compute.visuals.errors import Mismatch, NotDrawn

DIRECTIVES = {
    "yyyy": "%Y", "yy": "%y", "YYYY": "%Y", "YY": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m",
    "M": "%-m", "dd": "%d", "d": "%-d", "DD": "%d", "D": "%-d", "DDD": "%j", "HH": "%H", "H": "%-H",
    "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g", "a": "%p",
    "A": "%p", "EEEE": "%A", "EEE": "%a", "dddd": "%A", "ddd": "%a",
}  # fmt: skip
PERIODS = {
    "YYYY": "year", "Q": "quarter", "MM": "month", "WK": "week", "DD": "day", "HH": "hour",
    "MI": "minute", "SS": "second", "MS": "millisecond",
}  # fmt: skip
GRANULARITIES = {
    "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "WEEK": "week", "DAY": "day",
    "HOUR": "hour", "MINUTE": "minute", "SECOND": "second", "MILLISECOND": "millisecond",
}  # fmt: skip
SHOWN = {
    "year": "%Y", "quarter": "%Y-%m", "month": "%b %Y", "week": "%b %-d, %Y", "day": "%b %-d, %Y",
    "hour": "%b %-d, %Y %-I%p", "minute": "%b %-d, %Y %-I:%M%p", "second": "%b %-d, %Y %H:%M:%S",
    "millisecond": "%b %-d, %Y %H:%M:%S",
}  # fmt: skip
"""How a date of a granularity is written where a definition does not say."""


def directives(pattern: str) -> str:
    """A pattern in the directives of `strftime`.

    Raises:
        NotDrawn: a letter that is not known here.
    """
    found = []
    for part in re.finditer(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']+", pattern):
        text = part.group()
        if text.startswith("'"):
            found.append(text[1:-1].replace("%", "%%"))
        elif part.group(1) is None or text == "T":
            found.append(text.replace("%", "%%"))
        elif text in DIRECTIVES:
            found.append(DIRECTIVES[text])
        else:
            raise NotDrawn(f"Date pattern {text} in {pattern}")
    return "".join(found)


def period(word: str) -> str:
    """The period that a date function's argument names.

    Raises:
        Mismatch: there is none of this name.
    """
    if word.upper() not in PERIODS:
        raise Mismatch(f"{word} is not a period of date functions.")
    return PERIODS[word.upper()]


def truncated(part: str, sql: str) -> str:
    """A moment cut to its period; weeks begin on Sunday, as QuickSight's do."""
    if part == "week":
        sunday = f"date_trunc('week', ({sql}) + INTERVAL 1 DAY) - INTERVAL 1 DAY"
        return f"CAST({sunday} AS TIMESTAMP)"
    return f"CAST(date_trunc('{part}', {sql}) AS TIMESTAMP)"
