"""How an operation is put on the wire: checked against the API's model, then handed on."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext

from emulation.services import validation
from emulation.services.operations import named
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members

Operation = Callable[[Any, RequestContext, Members], Members | None]


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Operation:
    """An operation: the request is valid before `work` sees it."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        validation.check(context.operation, request)
        return work(Scope.of(context), request)

    decorated: Operation = named(name, call)
    return decorated


def by_name(member: str, work: Callable[[Scope, str], Members | None]) -> Any:
    """Work that needs nothing of the request but a name."""
    return lambda scope, request: work(scope, request[member])
