"""Windows of event time that the monitor looks at, where it reads and leaves what, and the names by
which alarms, dashboards and the retraining know its metrics.

Under `monitoring/ENDPOINT/` in the lake: `service.json` (which model is in service), `latest.json`
(the window that was looked at last), `baselines/VERSION/`, `reports/WINDOW/`,
`retrainings/UNTIL.json`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MONITORING = "monitoring/"
NAMESPACE = "Terrarium/Monitor"

STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"
VIOLATIONS, REPORT = "constraint_violations.json", "report.json"
REFERENCE = "reference.json"
"""Beside a baseline's statistics and constraints: the distributions that windows are held against.
"""

LABEL_DAYS = 1
"""A window is looked at when flights of so many days after it were scored: 99 of 100 outcomes are
known 7 hours after the scheduled departure, the last after 32.
"""

UNVERSIONED = "unversioned"
"""A model whose endpoint does not say which version it serves."""

OK, VIOLATED, TOO_LITTLE = "ok", "violated", "too_little_data"
"""Outcomes of a check, and of a window."""

CALIBRATION, SCORE_DRIFT, QUALITY = "Calibration", "ScoreDrift", "Quality"
DATA_DRIFT, MISSING = "DataDrift", "MissingValues"
CHECKS = (CALIBRATION, SCORE_DRIFT, QUALITY, DATA_DRIFT, MISSING)
RETRAINING_CHECKS = (CALIBRATION, SCORE_DRIFT, DATA_DRIFT)
"""Those that a new model mends; why quality is only told: docs/decisions/0016-monitor.md."""

VIOLATIONS_METRIC = "Violations"
"""By endpoint and check: how many a window has."""

REASON_VARIABLE, WINDOW_VARIABLE = "Reason", "Window"
"""Variables of the delivery pipeline that a retraining fills."""


@dataclass(frozen=True, order=True)
class Window:
    """Days of scheduled departure in New York: `first` and the next, `days` of them."""

    first: date
    days: int

    @property
    def until(self) -> date:
        """The first day that is not in it."""
        return self.first + timedelta(days=self.days)

    @property
    def name(self) -> str:
        """`2013-04-01-14d`."""
        return f"{self.first}-{self.days}d"

    @property
    def dates(self) -> tuple[date, ...]:
        """Every day of it."""
        return tuple(self.first + timedelta(days=number) for number in range(self.days))

    @classmethod
    def parse(cls, name: str) -> "Window":
        """The window of a name.

        Raises:
            ValueError: the text is no name of a window.
        """
        found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})-(\d+)d", name)
        if found is None or int(found[2]) < 1:
            raise ValueError(f"{name} is no window such as 2013-04-01-14d")
        return cls(date.fromisoformat(found[1]), int(found[2]))


def complete_windows(since: date, days: int, newest_scored: date) -> Iterator[Window]:
    """The windows from a day on whose flights are scored and have had time to arrive."""
    window = Window(since, days)
    while window.until + timedelta(days=LABEL_DAYS) <= newest_scored:
        yield window
        window = Window(window.until, days)


def root(endpoint: str) -> str:
    """All that the monitor keeps of an endpoint."""
    return f"{MONITORING}{endpoint}/"


def service_key(endpoint: str) -> str:
    """Which model is in service, and from which flights on."""
    return f"{root(endpoint)}service.json"


def latest_key(endpoint: str) -> str:
    """What was found last; it is there before the metrics that alarms look at."""
    return f"{root(endpoint)}latest.json"


def baseline_prefix(endpoint: str, version: str) -> str:
    """A model version's baseline; what a name in S3 should not hold is spelled as a dash."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "-", version or UNVERSIONED)
    return f"{root(endpoint)}baselines/{safe}/"


def reports_prefix(endpoint: str) -> str:
    """What was found, a folder a window."""
    return f"{root(endpoint)}reports/"


def report_prefix(endpoint: str, window: Window) -> str:
    """What was found in a window."""
    return f"{reports_prefix(endpoint)}{window.name}/"


def retrainings_prefix(endpoint: str) -> str:
    """What was started, and why."""
    return f"{root(endpoint)}retrainings/"


def retraining_key(endpoint: str, until: date) -> str:
    """The retraining on what was known at the end of a window: there is one at most."""
    return f"{retrainings_prefix(endpoint)}{until}.json"
