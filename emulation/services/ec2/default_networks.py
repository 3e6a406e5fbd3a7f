"""The default network of an account's region is made when EC2 is first asked there, also by an
operation that only reads. Others note its identifiers down, so it is on disk before they are told.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.handlers import run_custom_response_handlers
from moto.ec2.models import ec2_backends

from emulation.state import save_service

_kept: set[tuple[str, str]] = set()
"""Account and region of the networks that are on disk."""


def note_loaded() -> None:
    """What a snapshot has brought is on disk."""
    _kept.update(
        (account, region) for account, regions in ec2_backends.items() for region in regions
    )


def keep(_chain: Any, context: RequestContext, _response: Any) -> None:
    """A response handler: save a network that has just come into being."""
    if context.service is None or context.service.service_name != "ec2":
        return
    place = (context.account_id, context.region)
    if place not in _kept:
        save_service("ec2")
        _kept.add(place)


def start() -> None:
    """Keep them from now on."""
    run_custom_response_handlers.append(keep)
