"""Answers that a load balancer gives itself: error pages, redirects, fixed responses."""

from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from emulation.compute.load_balancing.plan import Action

SERVER = "awselb/2.0"

TITLES = {
    405: "Not Allowed",
    408: "Request Time-out",
    414: "Request-URI Too Large",
    464: "",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
"""Where they are not those of the standard."""

PORTS = {"http": "80", "https": "443"}


def title(status: int) -> str:
    """A status as pages say it: `502 Bad Gateway`."""
    known = {int(code): code.phrase for code in HTTPStatus}
    return f"{status} {TITLES.get(status, known.get(status, ''))}".rstrip()


def page(status: int, *, server: bool = True, closes: bool = False) -> web.Response:
    """An error or a redirect, as a page."""
    named = title(status)
    text = (
        f"<html>\r\n<head><title>{named}</title></head>\r\n<body>\r\n"
        f"<center><h1>{named}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    answer = Own(status=status, reason=named[4:], body=text.encode(), content_type="text/html")
    finish(answer, server=server)
    if closes:
        answer.force_close()
    return answer


class Own(web.Response):
    """An answer whose headers are none but its own."""

    async def _prepare_headers(self) -> None:
        names = set(self.headers)
        await super()._prepare_headers()
        for name in ("Content-Type", "Server"):
            if name not in names:
                self.headers.pop(name, None)


def finish(answer: web.Response, *, server: bool) -> None:
    """Say whose answer it is, unless the load balancer is told not to."""
    if server:
        answer.headers["Server"] = SERVER


def fixed(action: Action, *, server: bool) -> web.Response:
    """A fixed response."""
    answer = Own(status=action.status, reason=title(action.status)[4:], body=action.body.encode())
    if action.body:
        answer.headers["Content-Type"] = f"{action.content_type or 'text/plain'}; charset=utf-8"
    finish(answer, server=server)
    return answer


def redirect(action: Action, place: dict[str, str], *, server: bool) -> web.Response:
    """A redirect; `place` has what `#{...}` stands for."""
    answer = page(action.status, server=server)
    answer.headers["Location"] = location(action.location, place)
    return answer


def location(pattern: str, place: dict[str, str]) -> str:
    """Where a redirect leads.

    Its port is always said, as AWS does; a query that is empty is left out with its mark.
    """
    text = pattern
    for name, value in place.items():
        text = text.replace(f"#{{{name}}}", value)
    scheme, rest = text.split("://", 1)
    parts = urlsplit(f"//{rest}")
    port = "" if parts.port else f":{PORTS[scheme]}"
    host = parts.netloc.removesuffix(":")
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{host}{port}{path}{query}"
