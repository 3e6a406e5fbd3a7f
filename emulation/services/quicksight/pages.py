"""The pages that draw: `/_terrarium/quicksight` lists analyses and dashboards, as QuickSight's own
console does for whoever is signed in, and needs no login on this machine; embed URLs ask for one.

A page fetches each visual by itself, so that a slow or wrong one holds up no other.
"""

import json
from collections.abc import Callable
from html import escape
from importlib.resources import files
from string import Template
from typing import Any
from urllib.parse import quote

from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from emulation.compute.visuals.bundle import vega_bundle
from emulation.compute.visuals.definition import sheets
from emulation.compute.visuals.errors import VisualError
from emulation.services.quicksight.drawing import drawn, sheet_model
from emulation.services.quicksight.embedding import PATH, SESSIONS, Session
from emulation.services.quicksight.sharing import may
from emulation.services.quicksight.store import (
    ANALYSES,
    DASHBOARDS,
    Members,
    Shelf,
    scopes,
)
from emulation.services.scope import Scope

FOLDERS = {"dashboards": DASHBOARDS, "analyses": ANALYSES}
# What a definition holds was written by anybody: nothing of it runs, nothing is fetched elsewhere.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; frame-ancestors 'self' {domains}"
)
LOCAL = "http://localhost:* http://127.0.0.1:*"
SIGHT = "quicksight:DescribeDashboard"
USED = "This embed URL has been used or is older than five minutes. Ask for another one."
OVER = "The session is over. Ask for another embed URL."
UNSHARED = "This dashboard is not shared with {}."

CONSOLE = "/sn/dashboards"
"""Where QuickSight's own console shows a dashboard to whoever is signed in."""

Show = Callable[[Request, Scope, str, Members], Response]


def add_routes() -> None:
    """Serve the pages on the gateway."""
    one = f"{PATH}/<account>/<region>/<kind>/<name>"
    ROUTER.add(f"{CONSOLE}/<name>", console_page, methods=["GET"])
    embedded = f"{PATH}/embed/<session>/dashboards/<name>"
    ROUTER.add(PATH, show_all, methods=["GET"])
    ROUTER.add(f"{PATH}/-/page.js", show_script, methods=["GET"])
    ROUTER.add(f"{PATH}/-/vega.js", show_vega, methods=["GET"])
    ROUTER.add(one, page_of, methods=["GET"])
    ROUTER.add(f"{one}/<part>", part_of, methods=["GET"])
    ROUTER.add(embedded, embedded_page, methods=["GET"])
    ROUTER.add(f"{embedded}/<part>", embedded_part, methods=["GET"])


def file(name: str) -> str:
    """A file of this folder."""
    return files("emulation.services.quicksight").joinpath("page", name).read_text()


def answer(
    text: str, kind: str = "text/html", status: int = 200, domains: str = LOCAL, cache: str = ""
) -> Response:
    """A page or a part of one."""
    headers = {
        "Content-Security-Policy": POLICY.format(domains=domains),
        "Cache-Control": cache or "no-store",
        # LocalStack refuses what comes from pages of others, and takes a port of ours for one.
        "Referrer-Policy": "no-referrer",
    }
    return Response(text, status, headers, mimetype=kind)


def page(title: str, main: str, domains: str = LOCAL, status: int = 200, **parts: str) -> Response:
    """A whole page."""
    shell = Template(file("page.html"))
    filled = {"attributes": "", "links": "", "scripts": "", **parts}
    text = shell.substitute(filled, title=escape(title), style=file("page.css"), main=main)
    return answer(text, status=status, domains=domains)


def show_script(_: Request, **__: Any) -> Response:
    """What builds the page."""
    return answer(file("page.js"), "text/javascript")


def show_vega(_: Request, **__: Any) -> Response:
    """The library that draws charts."""
    return answer(vega_bundle(), "text/javascript", cache="max-age=86400")


def show_all(_: Request, **__: Any) -> Response:
    """The dashboards and analyses of every account."""
    lists = []
    for kind, folder in FOLDERS.items():
        items = "".join(
            f'<li><a href="{place(scope, kind, one["Id"])}">{escape(one["Name"])}</a>'
            f"<small>{escape(scope.account)} · {escape(scope.region)}</small></li>"
            for scope in scopes()
            for one in Shelf(scope, folder).all()
        )
        empty = f"<p class=quiet>No {kind} yet.</p>"
        lists.append(
            f"<h3>{kind.capitalize()}</h3>" + (f"<ul class=list>{items}</ul>" if items else empty)
        )
    return page("QuickSight", f"<main>{''.join(lists)}</main>")


def place(scope: Scope, kind: str, name: str) -> str:
    """Where a dashboard or an analysis is shown."""
    return f"{PATH}/{scope.account}/{scope.region}/{kind}/{quote(name)}"


def console_page(_: Request, name: str, **__: Any) -> Response:
    """To the dashboard, wherever it is: account and region are not in the address."""
    for scope in scopes():
        if Shelf(scope, DASHBOARDS).get(name) is not None:
            return Response(status=302, headers={"Location": place(scope, "dashboards", name)})
    return missing(name)


def found(scope: Scope, kind: str, name: str) -> tuple[str, Members] | None:
    """The name and the published definition of a dashboard, or of an analysis."""
    one = Shelf(scope, FOLDERS[kind]).get(name) if kind in FOLDERS else None
    if one is None:
        return None
    if kind == "analyses":
        return one["Name"], one["Definition"]
    version = next(each for each in one["Versions"] if each["Number"] == one["Published"])
    return one["Name"], version["Definition"]


def page_of(
    request: Request, account: str, region: str, kind: str, name: str, **_: Any
) -> Response:
    """A dashboard or an analysis."""
    scope = Scope(account, region)
    links = f'<a href="{PATH}">All dashboards</a>'
    return shown(scope, kind, name, place(scope, kind, name), links=links)


def shown(
    scope: Scope, kind: str, name: str, source: str, domains: str = LOCAL, links: str = ""
) -> Response:
    """A page to be filled."""
    one = found(scope, kind, name)
    if one is None:
        return missing(name)
    title, definition = one
    tabs = "".join(
        f'<button role=tab data-sheet="{escape(sheet["SheetId"])}">'
        f"{escape(sheet.get('Name') or sheet.get('Title') or 'Sheet')}</button>"
        for sheet in sheets(definition)
    )
    main = (
        f"<div role=tablist aria-label=Sheets>{tabs}</div><p class=description hidden></p>"
        "<div class=controls role=group aria-label=Controls></div>"
        "<main class=sheet aria-live=polite></main>"
    )
    scripts = f'<script src="{PATH}/-/vega.js"></script><script src="{PATH}/-/page.js"></script>'
    attributes = f'data-source="{escape(source)}"'
    return page(title, main, domains, links=links, scripts=scripts, attributes=attributes)


def missing(name: str) -> Response:
    """There is no such dashboard."""
    return page("Not found", f"<p>{escape(name)} does not exist.</p>", status=404)


def part_of(
    request: Request, account: str, region: str, kind: str, name: str, part: str, **_: Any
) -> Response:
    """A sheet, or a drawing."""
    return part_answer(request, Scope(account, region), (kind, name), part)


def part_answer(request: Request, scope: Scope, which: tuple[str, str], part: str) -> Response:
    """A sheet's model or an element's drawing, as JSON."""
    one = found(scope, *which)
    if one is None or part not in PARTS:
        return as_json({"message": f"{which[1]} does not exist."}, 404)
    try:
        state = json.loads(request.args.get("state") or "{}")
        return as_json(PARTS[part](scope, one[1], dict(request.args), state))
    except (VisualError, LookupError) as error:
        return as_json({"message": str(error)}, 400)
    except (ValueError, TypeError, AttributeError):
        return as_json({"message": "The state of the page cannot be read."}, 400)


PARTS: dict[str, Callable[[Scope, Members, dict[str, str], Members], Members]] = {
    "sheet": sheet_model,
    "draw": drawn,
}


def as_json(value: Members, status: int = 200) -> Response:
    """An answer for the page's script."""
    return answer(json.dumps(value), "application/json", status)


def embedded_page(request: Request, session: str, name: str, **_: Any) -> Response:
    """A dashboard for whoever has an embed URL."""
    one = SESSIONS.get(session)
    if one is None or name not in one.dashboards or not one.open(request.args.get("code", "")):
        return page("Not authorized", f"<p>{USED}</p>", status=403)
    if refusal := unshared(one, name):
        return page("Not authorized", f"<p>{escape(refusal)}</p>", status=403)
    source = f"{PATH}/embed/{session}/dashboards/{quote(name)}"
    domains = " ".join([LOCAL, *(domain for domain in one.domains if safe(domain))])
    return shown(one.scope, "dashboards", name, source, domains)


def safe(domain: str) -> bool:
    """A domain that may stand in a policy."""
    return not set(domain) & set("; ,'\"\n\r")


def unshared(session: Session, name: str) -> str:
    """Why a user may not see a dashboard; nothing when he may."""
    one = Shelf(session.scope, DASHBOARDS).get(name)
    if not session.user or one is None or may(one, session.user, SIGHT):
        return ""
    return UNSHARED.format(session.user.rpartition("/")[2])


def embedded_part(request: Request, session: str, name: str, part: str, **_: Any) -> Response:
    """A part of an embedded dashboard, as long as the session lasts."""
    one = SESSIONS.get(session)
    if one is None or name not in one.dashboards or not one.alive or unshared(one, name):
        return as_json({"message": OVER}, 403)
    return part_answer(request, one.scope, ("dashboards", name), part)
