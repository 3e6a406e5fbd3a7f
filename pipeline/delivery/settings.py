"""What an action of the pipeline tells its build: variables of the run, and what earlier steps have
exported. Each step reads only its own; one that is missing is named.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.contracts.monitoring import Window
from pipeline.errors import SettingError

LATEST = "latest"
NOTHING = "none"
"""What stands for no champion: CodeBuild exports no empty value."""


@dataclass(frozen=True)
class Told:
    """The environment of the build."""

    environment: Mapping[str, str]

    @classmethod
    def by_environment(cls) -> "Told":
        """What this build is told."""
        return cls(os.environ)

    def of(self, name: str) -> str:
        """A value that the step needs.

        Raises:
            SettingError: the action does not give it.
        """
        value = self.environment.get(name, "")
        if not value:
            raise SettingError(f"This step needs {name} in its environment.")
        return value

    def number(self, name: str) -> float:
        """A value that is a number.

        Raises:
            SettingError: it is none.
        """
        try:
            return float(self.of(name))
        except ValueError as error:
            raise SettingError(f"{name} must be a number, not {self.of(name)!r}.") from error

    def day(self, name: str) -> date:
        """A value that is a day.

        Raises:
            SettingError: it is none.
        """
        try:
            return date.fromisoformat(self.of(name))
        except ValueError as error:
            raise SettingError(f"{name} must be a day, not {self.of(name)!r}.") from error

    @property
    def test_days(self) -> int:
        """How many days before the window's end test both models."""
        days = self.number("TEST_DAYS")
        if days < 1 or days != int(days):
            raise SettingError(f"TEST_DAYS must be whole days, not {self.of('TEST_DAYS')}.")
        return int(days)

    def until(self) -> date | None:
        """The first day after the window: of a monitor's window, or a day; None is the latest.

        Raises:
            SettingError: it is none of them.
        """
        told = self.of("WINDOW")
        if told == LATEST:
            return None
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", told):
                return date.fromisoformat(told)
            return Window.parse(told).until
        except ValueError as error:
            raise SettingError(
                f"The window is {LATEST}, a day such as 2013-05-01 that it ends before, or a window"
                f" such as 2013-04-17-14d, not {told!r}."
            ) from error

    def first(self, until: date) -> date:
        """The window's first day."""
        return until - timedelta(days=self.test_days)
