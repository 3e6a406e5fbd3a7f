"""Does the loop pay? The year offline: one model left alone beside one that the monitor's rules,
the cool-down and the gate renew, each by the code that is deployed.

    python -m benchmarks.loop PROCESSED_FLIGHTS [--window-days 14] [--test-days 14] ...

Nothing of the future is used: a window is looked at when it is over, a challenger is trained on
what came before its test days, and it serves from `SWITCH_DAYS` after the window on.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from models.flight_delay import dataset
from models.flight_delay import gate as gates
from models.flight_delay.model import FlightDelayModel, Hyperparameters
from models.flight_delay.train import columns
from models.monitoring import checks, reference
from models.monitoring.reference import Reference
from pipeline.contracts.features import LABEL
from pipeline.contracts.monitoring import LABEL_DAYS, RETRAINING_CHECKS, VIOLATED, Window

START, END = date(2013, 4, 1), date(2014, 1, 1)
SWITCH_DAYS = LABEL_DAYS + 1
"""Waiting for outcomes, then training, gate and deployment."""

Answers = NDArray[np.float64]


@dataclass(frozen=True)
class Rules:
    """What is varied."""

    window_days: int = 14
    test_days: int = 14
    cooldown_days: int = 28
    new_data_days: int = 0
    """Retrain after so long without it, whatever the monitor says; 0 is never."""
    triggers: tuple[str, ...] = RETRAINING_CHECKS


class Year:
    """The labelled flights, and models trained on those before a day."""

    def __init__(self, folder: Path) -> None:
        self.flights = dataset.read(folder)
        self.days = np.array([day.toordinal() for day in self.flights["flight_date"]])
        self.late = self.flights[LABEL].to_numpy(dtype=bool)
        self.answers: Callable[[date], Answers] = cache(self._answers)

    def _answers(self, trained_until: date) -> Answers:
        known = self.flights[self.days < trained_until.toordinal()]
        late = known[LABEL].to_numpy(dtype=bool)
        model = FlightDelayModel.fit(columns(known), late, Hyperparameters())
        return model.probabilities(columns(self.flights))

    def within(self, first: date, until: date) -> NDArray[np.bool_]:
        """Which flights leave in these days."""
        return (self.days >= first.toordinal()) & (self.days < until.toordinal())

    def told(self, first: date, until: date, answers: Answers) -> pd.DataFrame:
        """Flights as the monitor sees them."""
        chosen = self.within(first, until)
        return self.flights[chosen].assign(probability=answers[chosen])

    def baseline(self, trained_until: date, until: date, window_days: int) -> Reference:
        """A model's baseline from the days that tested it."""
        tested = self.told(trained_until, until, self.answers(trained_until))
        history = self.flights[self.within(date.min, trained_until)]
        version = trained_until.isoformat()
        return reference.build(tested, history, model_version=version, window_days=window_days)

    def auc(self, answers: Answers, first: date = START, until: date = END) -> float:
        """The rank over some days."""
        chosen = self.within(first, until)
        return float(roc_auc_score(self.late[chosen], answers[chosen]))


@dataclass(frozen=True)
class Looked:
    """What came of one window."""

    window: Window
    findings: list[checks.Finding]
    auc: float
    asked: bool
    verdict: str

    @property
    def violated(self) -> list[str]:
        """The broken checks that are not about single features, and the features."""
        broken = [item for item in self.findings if item.outcome == VIOLATED]
        return [
            f"{item.check} {item.value:.2f}" for item in broken if item.check != "DataDrift"
        ] + [item.feature for item in broken if item.check == "DataDrift"]


@dataclass
class Loop:
    """The year with the loop switched on."""

    year: Year
    rules: Rules
    trained_until: date
    served: Answers = field(init=False)
    retrainings: int = 0
    deployments: int = 0

    def __post_init__(self) -> None:
        self.served = np.zeros(len(self.year.days))
        self.serves_from = START
        self.retrained = START
        self.baseline = self.year.baseline(self.trained_until, START, self.rules.window_days)

    def run(self) -> Iterator[Looked]:
        """Window by window; what is left of the year is served and not looked at."""
        window = Window(START, self.rules.window_days)
        while window.until <= END:
            self._serve(window.first, window.until)
            yield self._look(window)
            window = Window(window.until, window.days)
        self._serve(window.first, END)

    def _serve(self, first: date, until: date) -> None:
        """The newest model, and before its first day the one that it replaces."""
        switch = min(max(first, self.serves_from), until)
        for trained, begin, end in (
            (getattr(self, "_before", self.trained_until), first, switch),
            (self.trained_until, switch, until),
        ):
            chosen = self.year.within(begin, end)
            self.served[chosen] = self.year.answers(trained)[chosen]

    def _look(self, window: Window) -> Looked:
        begin = max(window.first, self.serves_from)
        findings = checks.find(self.year.told(begin, window.until, self.served), self.baseline)
        waited = (window.until - self.retrained).days
        alarm = any(f.outcome == VIOLATED and f.check in self.rules.triggers for f in findings)
        due = 0 < self.rules.new_data_days <= waited
        asked = (alarm and waited >= self.rules.cooldown_days) or due
        verdict = self._retrain(window.until) if asked else ""
        found = self.year.auc(self.served, window.first, window.until)
        return Looked(window, findings, found, asked, verdict)

    def _retrain(self, until: date) -> str:
        self.retrained, self.retrainings = until, self.retrainings + 1
        first = until - timedelta(days=self.rules.test_days)
        verdict = self._judge(first, until)
        if verdict.wins:
            self._before, self.trained_until = self.trained_until, first
            self.serves_from = until + timedelta(days=SWITCH_DAYS)
            self.baseline = self.year.baseline(first, until, self.rules.window_days)
            self.deployments += 1
        return verdict.reason

    def _judge(self, first: date, until: date) -> gates.Verdict:
        year, chosen = self.year, self.year.within(first, until)
        flights = year.flights[chosen]
        window = gates.Window(
            first=first,
            until=until,
            late=year.late[chosen],
            challenger=year.answers(first)[chosen],
            champion=year.answers(self.trained_until)[chosen],
            champion_trained_until=self.trained_until,
            slices={name: flights[name].to_numpy(dtype=str) for name in checks.SLICES},
        )
        return gates.judge(window, gates.Bounds())


def quiet(year: Year, window_days: int) -> Iterator[tuple[date, Looked]]:
    """Windows inside the first quarter, with baselines that lie before them in it."""
    for trained_until in (
        date(2013, 1, 29),
        date(2013, 2, 5),
        date(2013, 2, 12),
        date(2013, 2, 19),
    ):
        window = Window(trained_until + timedelta(days=14), window_days)
        baseline = year.baseline(trained_until, window.first, window_days)
        while window.until <= START:
            answers = year.answers(trained_until)
            findings = checks.find(year.told(window.first, window.until, answers), baseline)
            found = year.auc(answers, window.first, window.until)
            yield trained_until, Looked(window, findings, found, asked=False, verdict="")
            window = Window(window.until, window_days)


def value(looked: Looked, check: str) -> str:
    """A finding's number."""
    found = [item.value for item in looked.findings if item.check == check]
    return f"{found[0]:.2f}" if found and found[0] is not None else "-"


def windows_table(title: str, rows: Iterator[tuple[str, Looked]]) -> Table:
    """What the monitor saw and what was done."""
    table = Table("model", "window", "calibration", "score PSI", "AUC", "violated", "gate")
    table.title = title
    for name, looked in rows:
        numbers = [value(looked, check) for check in ("Calibration", "ScoreDrift")]
        violated = ", ".join(looked.violated)
        table.add_row(
            name, looked.window.name, *numbers, f"{looked.auc:.3f}", violated, looked.verdict
        )
    return table


def months_table(year: Year, loop: Loop, left_alone: Answers) -> Table:
    """The table of the year."""
    table = Table("month", "left alone", "looped", "gain")
    firsts = [date(2013, month, 1) for month in range(4, 13)]
    rows = [*zip((f"{day:%b}" for day in firsts), firsts, [*firsts[1:], END], strict=True)]
    for name, first, until in [*rows, ("all", START, END)]:
        one, other = year.auc(left_alone, first, until), year.auc(loop.served, first, until)
        table.add_row(name, f"{one:.4f}", f"{other:.4f}", f"{other - one:+.4f}")
    return table


def asked() -> tuple[Path, date | None, Rules]:
    """What the command line wants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("processed", type=Path, help="folder of the processed flights")
    parser.add_argument(
        "--first-model", type=date.fromisoformat, help="it is trained on the flights before"
    )
    for name, default in vars(Rules()).items():
        option = f"--{name.replace('_', '-')}"
        if name == "triggers":
            parser.add_argument(option, nargs="+", default=default)
        else:
            parser.add_argument(option, type=int, default=default)
    given = vars(parser.parse_args())
    folder, first = given.pop("processed"), given.pop("first_model")
    return folder, first, Rules(**{**given, "triggers": tuple(given["triggers"])})


def main() -> None:
    """Tell the year."""
    folder, chosen, rules = asked()
    console, year = Console(width=200), Year(folder)
    inside = ((str(name), looked) for name, looked in quiet(year, rules.window_days))
    console.print(windows_table("inside the first quarter", inside))
    first = chosen or START - timedelta(days=rules.test_days)
    loop = Loop(year, rules, first)
    looked = ((str(loop.trained_until), item) for item in loop.run())
    console.print(windows_table("the loop", looked))
    console.print(months_table(year, loop, year.answers(first)))
    told = f"{loop.retrainings} retrainings, {loop.deployments} deployments"
    console.print(f"{told}; trained on the whole quarter: {year.auc(year.answers(START)):.4f}")


if __name__ == "__main__":
    main()
