"""How a method of a provider becomes an operation of its API."""

from collections.abc import Callable
from typing import Any

from botocore import xform_name
from localstack.aws.api import handler


def named(name: str, call: Callable[..., Any]) -> Any:
    """The method that LocalStack finds for an operation: by its name in Python."""
    call.__name__ = xform_name(name)
    return handler(name, expand=False)(call)
