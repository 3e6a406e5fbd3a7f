"""JUnit XML, as pytest and Maven write it, read into the test cases of a report."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NANOSECONDS = 1_000_000_000
OUTCOMES = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
STATUSES = ("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN")
MESSAGE_CHARACTERS = 5000
"""A report keeps so much of a message."""


class ReportError(Exception):
    """A file is not what its format says."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test."""

    name: str
    prefix: str
    suite: str
    status: str
    nanoseconds: int
    message: str


def read(path: Path) -> list[Case]:
    """The tests of a file.

    Raises:
        ReportError: it is not JUnit XML.
    """
    try:
        root = ET.parse(path).getroot()
    except (ET.ParseError, OSError) as error:
        raise ReportError(f"{path.name}: {error}") from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise ReportError(f"{path.name}: <{root.tag}> is not JUnit XML")
    suites = [root] if root.tag == "testsuite" else list(root.iter("testsuite"))
    return [case for suite in suites for case in _cases(suite)]


def _cases(suite: ET.Element) -> Iterator[Case]:
    for case in suite.findall("testcase"):
        found = next((child for child in case if child.tag in OUTCOMES), None)
        yield Case(
            name=case.get("name", ""),
            prefix=case.get("classname", ""),
            suite=suite.get("name", ""),
            status="SUCCEEDED" if found is None else OUTCOMES[found.tag],
            nanoseconds=round(_seconds(case.get("time")) * NANOSECONDS),
            message="" if found is None else _message(found),
        )


def _seconds(text: str | None) -> float:
    """Some writers put commas between thousands."""
    try:
        return float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0


def _message(outcome: ET.Element) -> str:
    parts = [outcome.get("message", ""), outcome.text or ""]
    return "\n".join(part.strip() for part in parts if part.strip())[:MESSAGE_CHARACTERS]
