"""How many invocations may run at once: LocalStack counts them, AWS's reason for a refusal is told
here.
"""

import contextlib
from collections.abc import Iterator

from localstack.aws.api.lambda_ import TooManyRequestsException
from localstack.services.lambda_.invocation.counting_service import CountingService
from localstack.services.lambda_.invocation.lambda_models import (
    Function,
    FunctionVersion,
    InitializationType,
    ProvisionedConcurrencyState,
)

from emulation.services.lambda_ import metrics


@contextlib.contextmanager
def lease(
    counting: CountingService,
    function: Function,
    version: FunctionVersion,
    provisioned: ProvisionedConcurrencyState | None,
) -> Iterator[bool]:
    """The right to run one invocation; whether a provisioned environment may serve it.

    Raises:
        TooManyRequestsException: the function's reserved concurrency is used up, or what the
            account has left for all functions without one.
    """
    state = provisioned or ProvisionedConcurrencyState()
    with contextlib.ExitStack() as held:
        try:
            kind = held.enter_context(counting.get_invocation_lease(function, version, state))
        except TooManyRequestsException as refusal:
            metrics.count_throttle(version.id)
            if function.reserved_concurrent_executions is not None:
                raise
            raise TooManyRequestsException(
                "Rate Exceeded.", Reason="ConcurrentInvocationLimitExceeded", Type="User"
            ) from refusal
        yield kind == InitializationType.provisioned_concurrency
