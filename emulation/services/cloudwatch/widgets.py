"""The widgets of the page, as HTML: graphs, Markdown, alarms, log queries; the rest by its name."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

from emulation.compute.metrics.drawing import THEMES
from emulation.compute.metrics.evaluation import QueryError
from emulation.compute.metrics.functions import FunctionNotComputed
from emulation.compute.metrics.widgets import WidgetError, span_of
from emulation.services.cloudwatch.composites import find
from emulation.services.cloudwatch.graphs import LARGEST, picture, scope_of
from emulation.services.cloudwatch.log_queries import QueryFailed, run
from emulation.services.cloudwatch.store import Alarm, Members
from emulation.services.scope import Scope

NOT_DRAWN = (WidgetError, QueryError, FunctionNotComputed, QueryFailed, BotoCoreError)
BUTTON = re.compile(r"\[button:(?:primary:)?")
RANK = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose dashboard it is, and what the page asks for: start, width, height."""

    scope: Scope
    asked: Mapping[str, str]


def is_card(widget: Members) -> bool:
    """Whether a widget has a frame; text may stand free."""
    return not (
        widget.get("type") == "text" and widget["properties"].get("background") == "transparent"
    )


def title(widget: Members) -> str:
    """The heading of a widget."""
    return str(widget["properties"].get("title") or "")


def widget_html(place: Place, body: Members, widget: Members) -> str:
    """A widget; what cannot be drawn says why."""
    draw = KINDS.get(widget["type"])
    if draw is None:
        return refused(f"Widgets of type {widget['type']} are not drawn.")
    times = {name: body[name] for name in ("start", "end") if name in body}
    asked = {"start": place.asked["start"]} if "start" in place.asked else {}
    properties = {**times, **widget["properties"], **asked}
    try:
        return draw(place, properties)
    except ClientError as error:
        return refused(error.response["Error"]["Message"])
    except NOT_DRAWN as error:
        return refused(str(error))


def refused(reason: str) -> str:
    """Why there is nothing to see."""
    return f"<p class=refused>{escape(reason)}</p>"


def graph(place: Place, properties: Members) -> str:
    """A graph of the size that is asked for, its colors those of the page."""
    sizes = {
        name: min(max(int(place.asked[name]), 80), LARGEST)
        for name in ("width", "height")
        if place.asked.get(name, "").isdigit()
    }
    given = {**properties, **sizes, "title": "", "theme": "light"}
    drawn = picture(place.scope, given, "svg").decode()
    drawn = drawn[drawn.index("<svg") :]
    theme = THEMES["light"]
    for name in ("paper", "ink", "faint", "grid"):
        drawn = drawn.replace(getattr(theme, name), f"var(--plot-{name})")
    return drawn


@cache
def markdown() -> Any:
    """The reader of Markdown; HTML in it is shown, not used."""
    from markdown_it import MarkdownIt

    return MarkdownIt("js-default")


def text(_: Place, properties: Members) -> str:
    """Markdown."""
    source = BUTTON.sub("[", properties["markdown"])
    return f"<div class=text>{markdown().render(source)}</div>"


def alarms(place: Place, properties: Members) -> str:
    """The states of alarms, those that need attention first."""
    found = [(arn, find(scope_of(place.scope, arn), arn)) for arn in properties["alarms"]]
    states = properties.get("states")
    rows = [
        (RANK.get(alarm.state, 3) if alarm else 3, alarm_row(arn, alarm))
        for arn, alarm in found
        if not states or (alarm is not None and alarm.state in states)
    ]
    return f"<ul class=alarms>{''.join(row for _, row in sorted(rows))}</ul>"


def alarm_row(arn: str, alarm: Alarm | None) -> str:
    """An alarm with its state."""
    if alarm is None:
        return f"<li class=gone>{escape(arn.rsplit(':', 1)[-1])} <small>does not exist</small></li>"
    state = alarm.state.replace("_", " ").capitalize() if alarm.state != "OK" else "OK"
    return (
        f'<li class={alarm.state} title="{escape(alarm.reason)}">'
        f"<span>{escape(alarm.name)}</span> <small>{state}</small></li>"
    )


def logs(place: Place, properties: Members) -> str:
    """The rows that a query of logs finds."""
    region = properties.get("region") or place.scope.region
    clients = connect_to(aws_access_key_id=place.scope.account, region_name=region)
    rows = run(clients.logs, properties["query"], span_of(properties, time.time()))
    if not rows:
        return "<p class=quiet>No data found</p>"
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(row.get(name, ""))}</td>' for name in names)}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


KINDS: dict[str, Callable[[Place, Members], str]] = {
    "metric": graph,
    "text": text,
    "alarm": alarms,
    "log": logs,
}
"""AWS also has explorer, custom and chart."""
