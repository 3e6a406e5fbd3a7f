"""What a request names, and what is told of it everywhere."""

from datetime import UTC, datetime

from emulation.services import paging
from emulation.services.application_autoscaling.errors import error, not_found
from emulation.services.application_autoscaling.store import Members, Target, targets
from emulation.services.scope import Scope

INVALID_TOKEN = "The token provided is invalid."
SIZE = 50


def place_of(request: Members) -> tuple[str, str, str]:
    """Namespace, resource and dimension of a request."""
    return request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"]


def registered(scope: Scope, request: Members, words: str = "scalable target registered") -> Target:
    """The target of a request.

    Raises:
        CommonServiceException: there is none.
    """
    place = place_of(request)
    found = targets(scope).get(place)
    if found is None or not found.registered:
        raise not_found(words, place)
    return found


def described(target: Target) -> Members:
    """What a target is."""
    return {
        "ServiceNamespace": target.namespace,
        "ResourceId": target.resource,
        "ScalableDimension": target.dimension,
    }


def moment(seconds: float) -> datetime:
    """A time as the API has it, in milliseconds."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def page(request: Members, name: str, items: list[Members]) -> Members:
    """One page of a list."""
    refusal = error("InvalidNextTokenException", INVALID_TOKEN)
    shown, token = paging.page(request, items, refusal, size=SIZE)
    return {name: shown, **token}
