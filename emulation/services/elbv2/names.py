"""What names have to be like."""

import re

from emulation.services.elbv2.errors import validation_error

LONGEST = 32


def check_name(noun: str, name: str) -> None:
    """The name of a load balancer or a target group.

    Raises:
        CommonServiceException: it is none.
    """
    if len(name) > LONGEST:
        raise validation_error(f"{noun} name '{name}' cannot be longer than '{LONGEST}' characters")
    if not re.fullmatch("[A-Za-z0-9-]+", name):
        raise validation_error(
            f"{noun} name '{name}' can only contain characters that are alphanumeric characters "
            "or hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise validation_error(f"{noun} name '{name}' cannot begin or end with '-'")
