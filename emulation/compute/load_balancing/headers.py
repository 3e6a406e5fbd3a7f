"""Headers between a client and a target: who asked, by which way, and what is not passed on."""

import re
import secrets
import time
from collections.abc import Iterable

from multidict import CIMultiDict, CIMultiDictProxy

from emulation.compute.load_balancing.plan import Balancer

OF_A_CONNECTION = {
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
FORWARDED_FOR = "X-Forwarded-For"
TRACE = "X-Amzn-Trace-Id"
MOST_FORWARDED = 30
"""A request that came through more is refused with 463."""

_VALID = re.compile(r"[-A-Za-z0-9]+")


def passed(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Those that are not of one connection only."""
    named = headers.getall("Connection", ())
    own = OF_A_CONNECTION | {name.strip().lower() for value in named for name in value.split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in own)


def forwarded(
    headers: CIMultiDictProxy[str], balancer: Balancer, client: tuple[str, int], port: int
) -> CIMultiDict[str]:
    """The headers that a target gets; `port` is the listener's."""
    out = passed(headers)
    if balancer.drops_invalid_headers:
        out = CIMultiDict((name, value) for name, value in out.items() if _VALID.fullmatch(name))
    if balancer.forwarded_for == "remove":
        out.popall(FORWARDED_FOR, None)
    elif balancer.forwarded_for == "append":
        own = f"{client[0]}:{client[1]}" if balancer.forwarded_port else client[0]
        out[FORWARDED_FOR] = ", ".join([*out.getall(FORWARDED_FOR, ()), own])
    out["X-Forwarded-Proto"] = "http"
    out["X-Forwarded-Port"] = str(port)
    out[TRACE] = traced(out.getall(TRACE, ()))
    return out


def traced(given: Iterable[str]) -> str:
    """The trace of a request: begun here, or with this station in it."""
    fields = [part.strip() for value in given for part in value.split(";") if part.strip()]
    here = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    if not any(part.startswith("Root=") for part in fields):
        return ";".join([*fields, f"Root={here}"])
    kept = [part for part in fields if not part.startswith("Self=")]
    return ";".join([f"Self={here}", *kept])


def too_many_forwarded(headers: CIMultiDictProxy[str]) -> bool:
    """Whether a request has come through too many stations."""
    values = headers.getall(FORWARDED_FOR, ())
    return sum(value.count(",") + 1 for value in values) > MOST_FORWARDED
