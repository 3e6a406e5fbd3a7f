"""Where LocalStack reports success for work that it did not do, made to refuse.

Each module names one such place and patches it; nothing of LocalStack is forked.
"""

from emulation.strictness import (
    actions,
    alarms,
    attributes,
    conditions,
    deletion,
    exports,
    literals,
    malformed,
    passive_metadata,
    policies,
    recording,
    refusals,
    replacement,
    resource_support,
    rollback,
)

PLACES = (
    refusals,
    malformed,
    passive_metadata,
    attributes,
    literals,
    resource_support,
    actions,
    replacement,
    conditions,
    rollback,
    recording,
    policies,
    deletion,
    alarms,
    exports,
)


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    for place in PLACES:
        place.apply()
