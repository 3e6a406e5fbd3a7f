"""Embed URLs: opened once within five minutes, they begin a session of so many minutes.

Codes and sessions end with the emulator.
"""

import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from emulation.services.quicksight import errors
from emulation.services.quicksight.sharing import existing, name_in
from emulation.services.quicksight.store import LOCK, Members
from emulation.services.quicksight.users import check_namespace, user_of_arn
from emulation.services.scope import Scope
from emulation.settings import settings

PATH = "/_terrarium/quicksight"
CODE_SECONDS = 300
MINUTES = (15, 600)


@dataclass
class Session:
    """What somebody may look at, and until when."""

    scope: Scope
    dashboards: list[str]
    minutes: int
    user: str
    """The user's ARN; nothing for an anonymous one."""
    domains: list[str]
    code: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    identifier: str = field(default_factory=lambda: secrets.token_hex(16))
    made: float = field(default_factory=time.time)
    opened: float | None = None

    def open(self, code: str) -> bool:
        """Use the code; whether it was good."""
        with LOCK:
            fresh = time.time() - self.made < CODE_SECONDS
            good = self.opened is None and fresh and secrets.compare_digest(code, self.code)
            if good:
                self.opened = time.time()
            return good

    @property
    def alive(self) -> bool:
        """Whether it was opened and is not over."""
        return self.opened is not None and time.time() - self.opened < self.minutes * 60

    @property
    def over(self) -> bool:
        """Whether nobody can use it any more."""
        since = self.made + CODE_SECONDS if self.opened is None else self.opened
        return not self.alive and time.time() > since


SESSIONS: dict[str, Session] = {}
"""Sessions by their identifiers."""


def _url(session: Session) -> str:
    with LOCK:
        for name in [name for name, one in SESSIONS.items() if one.over]:
            del SESSIONS[name]
        SESSIONS[session.identifier] = session
    query = {"code": session.code, "identityprovider": "quicksight", "isauthcode": "true"}
    place = f"{PATH}/embed/{session.identifier}/dashboards/{quote(session.dashboards[0])}"
    return f"{settings().endpoint_url}{place}?{urlencode(query)}"


def _minutes(request: Members, default: int = MINUTES[1]) -> int:
    minutes = int(request.get("SessionLifetimeInMinutes") or default)
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        raise errors.QuickSightError(
            "SessionLifetimeInMinutesInvalidException",
            "The number of minutes specified for the lifetime of a session isn't valid. "
            "The session lifetime must be 15-600 minutes.",
            400,
        )
    return minutes


def _dashboard_of(experience: Members, operation: str) -> str:
    if set(experience) != {"Dashboard"}:
        what = ", ".join(experience) or "nothing"
        raise NotImplementedError(f"quicksight.{operation} of {what} is not emulated")
    return str(experience["Dashboard"]["InitialDashboardId"])


def for_user(scope: Scope, request: Members) -> Members:
    """GenerateEmbedUrlForRegisteredUser."""
    arn = request["UserArn"]
    if user_of_arn(scope, arn) is None:
        raise errors.no_user(arn)
    name = _dashboard_of(request["ExperienceConfiguration"], "GenerateEmbedUrlForRegisteredUser")
    existing(scope, "dashboard", name)
    session = Session(scope, [name], _minutes(request), arn, request.get("AllowedDomains") or [])
    return {"EmbedUrl": _url(session)}


def for_anybody(scope: Scope, request: Members) -> Members:
    """GenerateEmbedUrlForAnonymousUser."""
    check_namespace(request["Namespace"])
    if request.get("SessionTags"):
        raise NotImplementedError(
            "quicksight row-level security by tags (SessionTags): not emulated"
        )
    name = _dashboard_of(request["ExperienceConfiguration"], "GenerateEmbedUrlForAnonymousUser")
    names = [name_in(scope, arn, "dashboard") for arn in request["AuthorizedResourceArns"]]
    for one in {name, *names}:
        existing(scope, "dashboard", one)
    if name not in names:
        raise errors.invalid("The dashboard must be one of AuthorizedResourceArns.")
    names.sort(key=lambda one: one != name)
    session = Session(scope, names, _minutes(request), "", request.get("AllowedDomains") or [])
    anonymous = scope.arn("quicksight", f"user/default/anonymous/{session.identifier}")
    return {"EmbedUrl": _url(session), "AnonymousUserArn": anonymous}


def of_dashboard(scope: Scope, request: Members) -> Members:
    """GetDashboardEmbedUrl, the older way."""
    name, kind, user = request["DashboardId"], request["IdentityType"], request.get("UserArn") or ""
    existing(scope, "dashboard", name)
    if kind == "QUICKSIGHT" and not user:
        raise errors.invalid("UserArn is required for identity type QUICKSIGHT.")
    if kind == "IAM":
        raise NotImplementedError(
            "quicksight.GetDashboardEmbedUrl with IdentityType IAM is not emulated: "
            "GenerateEmbedUrlForRegisteredUser names the user"
        )
    if kind == "ANONYMOUS":
        check_namespace(request.get("Namespace") or "default")
        user = ""
    elif user_of_arn(scope, user) is None:
        raise errors.no_user(user)
    others = [one for one in request.get("AdditionalDashboardIds") or [] if one != name]
    return {"EmbedUrl": _url(Session(scope, [name, *others], _minutes(request), user, []))}
