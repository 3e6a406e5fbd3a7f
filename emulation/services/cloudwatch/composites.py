"""Composite alarms: their state follows that of other alarms at once, and their actions may wait
for a suppressor.

While the suppressor is in ALARM, actions are not taken. They also wait a while for it to go into
ALARM when the composite alarm changes (`WaitPeriod`), and a while after it has left it
(`ExtensionPeriod`); what has not been suppressed by then is done.
"""

import json
import threading
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime

from emulation.compute.metrics.alarm_rules import AlarmRule, RuleError, parse
from emulation.compute.metrics.alarm_states import ALARM, OK
from emulation.services.cloudwatch import actions
from emulation.services.cloudwatch.alarms import check_name, defaults, keep_alarm
from emulation.services.cloudwatch.changes import LISTENERS, act, change_state, keep, tell_bus
from emulation.services.cloudwatch.errors import validation_error
from emulation.services.cloudwatch.messages import moment
from emulation.services.cloudwatch.store import LOCK, Alarm, Members, is_kept, store
from emulation.services.scope import Scope

OPERATION = "PutCompositeAlarm"
RULE_LENGTH, CHILDREN, DEEPEST = 10_240, 100, 50
WAIT, EXTENSION = "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"
LOOK_SECONDS = 0.5
"""How often suppressed alarms are looked at."""


def put(scope: Scope, request: Members) -> None:
    """Create a composite alarm, or put another in its place; then find its state."""
    check_name(request)
    rule = checked_rule(scope, request)
    check_suppressor(scope, request)
    actions.check(OPERATION, request)
    name = request["AlarmName"]
    if name in reached(scope, rule):
        raise validation_error(f"Could not save the composite alarm {name}: its rule has a cycle")
    alarm = keep_alarm(scope, name, {**defaults(), **request}, composite=True)
    follow(alarm, None)


def checked_rule(scope: Scope, request: Members) -> AlarmRule:
    """The rule, of alarms that are there."""
    text = request.get("AlarmRule") or ""
    if len(text) > RULE_LENGTH:
        raise validation_error("AlarmRule must not be longer than 10240 characters.")
    try:
        rule = parse(text)
    except RuleError as error:
        raise validation_error(f"Error in alarm rule: {error}") from error
    if len(rule.alarms) > CHILDREN:
        raise validation_error(f"An alarm rule has at most {CHILDREN} alarms.")
    gone = [name for name in rule.alarms if find(scope, name) is None]
    if gone:
        raise validation_error(
            f"Could not save the composite alarm as alarms [{', '.join(gone)}] in the alarm rule "
            "do not exist"
        )
    return rule


def check_suppressor(scope: Scope, request: Members) -> None:
    """A suppressor is there, and comes with its two periods."""
    given = [
        name for name in ("ActionsSuppressor", WAIT, EXTENSION) if request.get(name) is not None
    ]
    if not given:
        return
    if len(given) < 3:
        raise validation_error(
            f"ActionsSuppressor, {WAIT} and {EXTENSION} must be specified together."
        )
    if find(scope, request["ActionsSuppressor"]) is None:
        raise validation_error(
            f"Could not save the composite alarm as the actions suppressor "
            f"{request['ActionsSuppressor']} does not exist"
        )


def find(scope: Scope, name: str) -> Alarm | None:
    """An alarm by its name or ARN."""
    alarm: Alarm | None
    if name.startswith("arn:"):
        alarm = store().alarms.get(scope, name.partition(":alarm:")[2])
        return alarm if alarm is not None and alarm.arn == name else None
    alarm = store().alarms.get(scope, name)
    return alarm


def reached(scope: Scope, rule: AlarmRule) -> set[str]:
    """The names of all alarms that a rule looks at, through others too."""
    names: set[str] = set()
    waiting = list(rule.alarms)
    while waiting:
        alarm = find(scope, waiting.pop())
        if alarm is not None and alarm.name not in names:
            names.add(alarm.name)
            if alarm.composite:
                waiting += parse(alarm.request["AlarmRule"]).alarms
    return names


def follow(composite: Alarm, child: Alarm | None) -> None:
    """Give a composite alarm the state that its rule has now."""
    rule = parse(composite.request["AlarmRule"])

    def state(name: str) -> str | None:
        alarm = find(composite.scope, name)
        return alarm.state if alarm is not None else None

    # Two children may change at once: who looks later decides later.
    with LOCK:
        wanted = ALARM if rule.holds(state) else OK
        if wanted != composite.state:
            why, data = reason(composite, child, wanted), data_of(composite, child)
            change_state(composite, wanted, why, data)


def reason(composite: Alarm, child: Alarm | None, wanted: str) -> str:
    """AWS's sentence."""
    if child is None:
        return f"{composite.arn} was created and its alarm rule evaluates to {wanted}"
    at = datetime.fromtimestamp(child.transitioned, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
    return f"{child.arn} transitioned to {child.state} at {at}"


def data_of(composite: Alarm, child: Alarm | None) -> str:
    """The data of the reason, as JSON: the alarms that the rule speaks of, or that has changed."""
    names = parse(composite.request["AlarmRule"]).alarms
    told = [child] if child else [a for name in names if (a := find(composite.scope, name))]
    states = [
        {"arn": each.arn, "state": {"value": each.state, "timestamp": moment(each.transitioned)}}
        for each in told
    ]
    return json.dumps({"triggeringAlarms": states})


def changed(alarm: Alarm, before: Alarm) -> None:
    """An alarm has changed: act, and let the composite alarms that look at it follow."""
    if alarm.composite and alarm.request.get("ActionsSuppressor"):
        suppress_or_act(alarm, before)
    else:
        act(alarm, before)
    for composite in store().alarms.of(alarm.scope).values():
        if composite.composite and alarm.name in children(composite):
            follow(composite, alarm)


def children(composite: Alarm) -> set[str]:
    """The names of the alarms in a rule."""
    names = parse(composite.request["AlarmRule"]).alarms
    return {found.name for name in names if (found := find(composite.scope, name))}


LISTENERS.append(changed)


def suppress_or_act(alarm: Alarm, before: Alarm) -> None:
    """The actions of a change, now or later."""
    with LOCK:
        kept: Alarm | None = store().alarms.get(alarm.scope, alarm.name)
        if kept is None:
            return
        since = (kept.suppression or {}).get("since") or asdict(before)
        kept.suppression = suppression(kept, since)
        keep(kept)
        after = replace(kept)
    if after.suppression is None:
        act(after, before)
    else:
        tell_bus(after, before)
        SUPPRESSIONS.watch()


def suppression(alarm: Alarm, since: Members) -> Members | None:
    """Who holds the actions back, and until when; None when nobody does."""
    now = time.time()
    if is_suppressing(alarm):
        return {"by": "Alarm", "until": None, "since": since}
    current = alarm.suppression or {}
    if current.get("by") in {"WaitPeriod", "ExtensionPeriod"}:
        return {**current, "since": since} if current["until"] > now else None
    wait = alarm.request[WAIT]
    return {"by": "WaitPeriod", "until": now + wait, "since": since} if wait else None


def is_suppressing(alarm: Alarm) -> bool:
    """Whether the suppressor is in ALARM."""
    suppressor = find(alarm.scope, alarm.request.get("ActionsSuppressor") or "")
    return suppressor is not None and suppressor.state == ALARM


def look_again(alarm: Alarm) -> None:
    """Who holds the actions back now; nobody any more: they are taken."""
    with LOCK:
        held = alarm.suppression
        if held is None or not is_kept(alarm):
            return
        now = time.time()
        if is_suppressing(alarm):
            after: Members | None = {**held, "by": "Alarm", "until": None}
        elif held["by"] == "Alarm":
            until = now + (alarm.request.get(EXTENSION) or 0)
            after = {**held, "by": "ExtensionPeriod", "until": until}
        else:
            after = held if held["until"] > now else None
        if after == held:
            return
        alarm.suppression = after
        keep(alarm)
        free = replace(alarm)
    before = Alarm(**held["since"])
    if after is None and before.state != free.state:
        actions.ACTOR.act(actions.Change(free, before))


class Suppressions:
    """Looks at suppressed alarms as long as there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self) -> None:
        """Look at them from now on."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="suppressed", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while waiting := suppressed():
            for alarm in waiting:
                look_again(alarm)
            time.sleep(LOOK_SECONDS)
        with self._lock:
            self._thread = None
        if suppressed():
            self.watch()


SUPPRESSIONS = Suppressions()
"""The emulator's one watch."""


def suppressed() -> list[Alarm]:
    """The alarms whose actions are held back."""
    return [
        alarm
        for _, alarms in store().alarms.everywhere()
        for alarm in alarms.values()
        if alarm.suppression is not None
    ]


def start() -> None:
    """Go on with what the last run has held back."""
    for _, alarms in store().alarms.everywhere():
        for alarm in alarms.values():
            if alarm.composite:
                follow(alarm, None)
    if suppressed():
        SUPPRESSIONS.watch()
