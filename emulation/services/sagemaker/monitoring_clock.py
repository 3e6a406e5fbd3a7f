"""Runs monitoring schedules when their hour comes; those that say NOW run once, at once.

Times that passed while the emulator was off are not made up for.
"""

import threading
from datetime import datetime

from emulation.services.sagemaker import monitoring_executions
from emulation.services.sagemaker.monitoring_times import NOW, next_run
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import STORES, MonitoringSchedule, now
from emulation.state import save_service


def run(scope: Scope, schedule: MonitoringSchedule, time: datetime) -> None:
    """Run a schedule once, in the background."""

    def work() -> None:
        monitoring_executions.run(scope, schedule, time)
        save_service("sagemaker")

    threading.Thread(target=work, name=f"monitoring-{schedule.name}", daemon=True).start()


class Clock:
    """One thread that waits for the next hour at which a schedule runs."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Schedules have changed: look again."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="monitoring-clock", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        since = now()
        while True:
            with self._changed:
                due = next_due(since)
                seconds = None if due is None else (due - now()).total_seconds()
                if seconds is None or seconds > 0:
                    self._changed.wait(seconds)
            moment = now()
            for scope, schedule, time in due_between(since, moment):
                run(scope, schedule, time)
            since = moment


def upcoming(after: datetime) -> list[tuple[Scope, MonitoringSchedule, datetime]]:
    """The schedules that run by the clock, and when next; not for what was before they changed."""
    return [
        (Scope(account, region), schedule, next_run(rule(schedule), max(after, schedule.modified)))
        for account, regions in list(STORES.items())
        for region, store in list(regions.items())
        for schedule in list(store.monitoring_schedules.values())
        if schedule.status == "Scheduled" and rule(schedule) != NOW
    ]


def rule(schedule: MonitoringSchedule) -> str:
    """When a schedule runs."""
    return str(schedule.config["ScheduleConfig"]["ScheduleExpression"])


def next_due(after: datetime) -> datetime | None:
    """The next time at which something runs."""
    return min((time for _, _, time in upcoming(after)), default=None)


def due_between(
    after: datetime, until: datetime
) -> list[tuple[Scope, MonitoringSchedule, datetime]]:
    """What runs after a moment and up to another; of hours that a sleeping laptop has missed, the
    last one.
    """
    return [
        (scope, schedule, last_run(rule(schedule), time, until))
        for scope, schedule, time in upcoming(after)
        if time <= until
    ]


def last_run(expression: str, time: datetime, until: datetime) -> datetime:
    """The last of the times from one on and up to another."""
    while (following := next_run(expression, time)) <= until:
        time = following
    return time


CLOCK = Clock()
"""The emulator's one clock."""
