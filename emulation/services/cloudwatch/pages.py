"""The page that shows dashboards: `/_terrarium/cloudwatch/dashboards` lists them, with a name it
draws one. Each widget is fetched by itself, so that a slow or wrong one holds up no other.
"""

from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import quote, urlencode

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from emulation.compute.metrics.dashboards import NotJson, read
from emulation.services.cloudwatch.store import Members, store
from emulation.services.cloudwatch.widgets import Place, is_card, title, widget_html
from emulation.services.scope import Scope

PATH = "/_terrarium/cloudwatch/dashboards"
REGION = "us-east-1"
REFRESH_SECONDS = 30
# What a dashboard holds was written by anybody: nothing of it runs, nothing is fetched elsewhere.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:"
)


def add_routes() -> None:
    """Serve the page on the gateway."""
    ROUTER.add(PATH, show_all, methods=["GET"])
    ROUTER.add(f"{PATH}/-/page.js", show_script, methods=["GET"])
    ROUTER.add(f"{PATH}/<name>", show_one, methods=["GET"])
    ROUTER.add(f"{PATH}/<name>/widgets/<int:number>", show_widget, methods=["GET"])


def file(name: str) -> str:
    """A file of this folder."""
    return files("emulation.services.cloudwatch").joinpath("page", name).read_text()


def answer(text: str, kind: str = "text/html", status: int = 200) -> Response:
    """A page or a part of one."""
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        # LocalStack refuses what comes from pages of others, and takes a port of ours for one.
        "Referrer-Policy": "no-referrer",
    }
    return Response(text, status, headers, mimetype=kind)


def page(name: str, main: str, attributes: str = "") -> Response:
    """A whole page."""
    shell = Template(file("page.html"))
    filled = {"title": escape(name), "style": file("page.css"), "path": PATH, "main": main}
    return answer(shell.substitute(filled, attributes=attributes))


def show_script(_: Request, **__: Any) -> Response:
    """What fetches the widgets."""
    return answer(file("page.js"), "text/javascript")


def show_all(_: Request, **__: Any) -> Response:
    """The dashboards of every account."""
    found = [
        (account, name)
        for (account, _region), dashboards in store().dashboards.everywhere()
        for name in sorted(dashboards)
    ]
    several = len({account for account, _ in found}) > 1
    items = "".join(
        f'<li><a href="{address(account, name)}">{escape(name)}</a>'
        f"{f' <small>{escape(account)}</small>' if several else ''}</li>"
        for account, name in found
    )
    empty = "<p class=quiet>No dashboard yet: <code>PutDashboard</code> makes one.</p>"
    return page("Dashboards", f"<ul class=list>{items}</ul>" if items else empty)


def address(account: str, name: str) -> str:
    """Where a dashboard is shown."""
    return f"{PATH}/{quote(name)}?{urlencode({'account': account})}"


def show_one(request: Request, name: str, **_: Any) -> Response:
    """A dashboard: its grid, to be filled."""
    found = dashboard(request, name)
    if found is None:
        return missing(name)
    body = found[1]
    cards = "".join(
        card(number, widget, request, name) for number, widget in enumerate(body["widgets"])
    )
    start = request.args.get("start") or body.get("start") or "-PT3H"
    refresh = request.args.get("refresh") or str(REFRESH_SECONDS)
    shown = f"{spans(request, start)}<div class=grid>{cards}</div>"
    attributes = f'data-refresh="{escape(refresh)}"'
    return page(name, shown, attributes)


def spans(request: Request, start: str) -> str:
    """The choice of how far back graphs go."""
    choices = {"-PT15M": "15 min", "-PT1H": "1 h", "-PT3H": "3 h", "-PT12H": "12 h", "-P1D": "1 d"}
    choices |= {"-P7D": "1 w"}
    links = "".join(
        f'<a href="?{escape(urlencode({**request.args, "start": value}))}"'
        f"{' aria-current=true' if value == start else ''}>{text}</a>"
        for value, text in choices.items()
    )
    return f"<nav aria-label='Time shown'>{links}</nav>"


def card(number: int, widget: Members, request: Request, name: str) -> str:
    """The place of a widget in the grid."""
    source = f"{quote(name)}/widgets/{number}?{urlencode(dict(request.args))}"
    kind = "card" if is_card(widget) else "bare"
    graph = " graph" if widget["type"] == "metric" else ""
    heading = f"<h2>{escape(text)}</h2>" if (text := title(widget)) else ""
    return (
        f'<section class={kind} style="{position(widget)}">{heading}'
        f'<div class="widget{graph}" data-source="{PATH}/{escape(source)}"></div></section>'
    )


def position(widget: Members) -> str:
    """Column and row; the browser places what has none."""
    column = f"{widget['x'] + 1}/" if "x" in widget else ""
    row = f"{widget['y'] + 1}/" if "y" in widget else ""
    wide, high = widget.get("width", 6), widget.get("height", 6)
    return f"grid-column:{column}span {wide};grid-row:{row}span {high}"


def show_widget(request: Request, name: str, number: int, **_: Any) -> Response:
    """A widget, drawn for the size that the page has for it."""
    found = dashboard(request, name)
    if found is None or number >= len(found[1]["widgets"]):
        return missing(name)
    place, body = found
    return answer(widget_html(place, body, body["widgets"][number]))


def dashboard(request: Request, name: str) -> tuple[Place, Members] | None:
    """A dashboard of the account that is asked for, or of the only one that has it."""
    wanted = request.args.get("account")
    for (account, _), dashboards in store().dashboards.everywhere():
        if name in dashboards and wanted in {None, account}:
            region = request.args.get("region") or REGION
            place = Place(Scope(account, region), dict(request.args))
            try:
                return place, read(dashboards[name]["body"])
            except NotJson:
                return None
    return None


def missing(name: str) -> Response:
    """There is no such dashboard."""
    return answer(f"<p>Dashboard {escape(name)} does not exist.</p>", status=404)
