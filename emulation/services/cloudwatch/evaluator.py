"""The thread that evaluates alarms: those with periods of seconds after each period, all others
each minute, as AWS does; a new one at once.

An evaluation reads a few rows of one file. A period counts when it is over and a second has passed
for what is on its way. Alarms are on disk, so that those of the last run are evaluated from the
first second of the next.
"""

import heapq
import logging
import sqlite3
import threading
import time

from emulation.services.cloudwatch.changes import change_state
from emulation.services.cloudwatch.judging import period_of, step_of, verdict
from emulation.services.cloudwatch.store import Alarm, database, is_kept, store

LOG = logging.getLogger(__name__)

LAG = 1.0
"""Data of a period may arrive so much after its end, in s."""

BROKEN = (ValueError, ArithmeticError, LookupError, sqlite3.Error)
"""What one alarm may raise without stopping the others; an expression's errors are ValueErrors."""

ROLL_UP_SECONDS = 600.0


class Evaluator:
    """Evaluates what is due, and sleeps until something is."""

    def __init__(self) -> None:
        self._due: list[tuple[float, str, Alarm]] = []
        self._new = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Evaluate every alarm from now on."""
        with self._new:
            if self._thread is not None:
                return
            for _, alarms in store().alarms.everywhere():
                for alarm in alarms.values():
                    self._add(alarm)
            self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)
            self._thread.start()
            threading.Thread(target=roll_up, name="metrics-roll-up", daemon=True).start()

    def look_at(self, alarm: Alarm) -> None:
        """Evaluate an alarm now, and from then on."""
        with self._new:
            self._due = [item for item in self._due if item[2] is not alarm]
            heapq.heapify(self._due)
            self._add(alarm)
            self._new.notify()

    def _add(self, alarm: Alarm) -> None:
        if not alarm.composite:
            heapq.heappush(self._due, (0.0, alarm.arn, alarm))

    def _run(self) -> None:
        while True:
            alarm = self._next()
            if is_kept(alarm):
                evaluate(alarm, time.time() - LAG)
                self._again(alarm)

    def _next(self) -> Alarm:
        with self._new:
            while not self._due or self._due[0][0] > time.time():
                self._new.wait(self._due[0][0] - time.time() if self._due else None)
            return heapq.heappop(self._due)[2]

    def _again(self, alarm: Alarm) -> None:
        step = step_of(period_of(alarm))
        due = (int(time.time() - LAG) // step + 1) * step + LAG
        with self._new:
            if not any(item[2] is alarm for item in self._due):
                heapq.heappush(self._due, (due, alarm.arn, alarm))


def evaluate(alarm: Alarm, now: float) -> None:
    """Look at an alarm's data, and change its state where they say so."""
    try:
        found = verdict(alarm, now)
    except BROKEN as error:
        LOG.info("the alarm %s cannot be evaluated: %s", alarm.name, error)
        alarm.evaluation_state = "EVALUATION_ERROR"
        return
    alarm.evaluation_state = None
    if found is not None and found[0].state != alarm.state:
        change_state(alarm, found[0].state, found[0].reason, found[1])


def roll_up() -> None:
    """Keep the file of metrics small, for ever."""
    while True:
        database().roll_up(time.time())
        time.sleep(ROLL_UP_SECONDS)


EVALUATOR = Evaluator()
"""The emulator's one evaluator."""
