"""A version of a function that can be invoked: the right to run, an environment, the result."""

import base64
import functools
import json
from concurrent.futures import Future
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack import config
from localstack.aws.api.lambda_ import (
    ProvisionedConcurrencyStatusEnum,
    ResourceConflictException,
    ServiceException,
    State,
    StateReasonCode,
)
from localstack.services.lambda_.invocation.lambda_models import (
    Invocation,
    InvocationResult,
    ProvisionedConcurrencyState,
    VersionState,
)
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager
from localstack.utils.xray.trace_header import TraceHeader

from emulation.compute.lambda_pool import Pool, PoolClosed, Provisioned
from emulation.compute.lambda_runtime import Request
from emulation.services.lambda_ import concurrency, environments, metrics
from emulation.services.lambda_.services import lambda_service

INIT_FAILED = "FUNCTION_ERROR_INIT_FAILURE"


class VersionManager(LambdaVersionManager):
    """LocalStack's, with processes instead of containers, and without its threads for each
    invocation.
    """

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self.pool = Pool(
            functools.partial(environments.make, self.function_version),
            config.LAMBDA_KEEPALIVE_MS / 1000,
            self._provisioned_changed,
        )

    def invoke(self, *, invocation: Invocation) -> InvocationResult:
        """Run the handler once.

        Raises:
            TooManyRequestsException: too many run already.
            ServiceException: no process can be started.
        """
        try:
            return self._invoke(invocation)
        except PoolClosed:
            return self._successor().invoke(invocation=invocation)
        except (OSError, BotoCoreError, ClientError) as error:
            raise ServiceException(f"No environment can be started: {error}") from error

    def stop(self) -> None:
        """End its environments; those that work end after their work."""
        self.state = VersionState(State.Inactive, StateReasonCode.Idle, "Shutting down")
        self.shutdown_event.set()
        self.pool.close()

    def update_provisioned_concurrency_config(
        self, provisioned_concurrent_executions: int
    ) -> Future[None]:
        """Have so many environments ready, whatever was asked for before."""
        return self.pool.provision(provisioned_concurrent_executions)

    def _invoke(self, invocation: Invocation) -> InvocationResult:
        version = self.function_version
        lease = concurrency.lease(
            self.counting_service, self.function, version, self.provisioned_state
        )
        with lease as provisioned, self.pool.environment(provisioned=provisioned) as environment:
            result = environment.invoke(request(invocation))
        if result.interrupted:
            raise ServiceException("The emulator stops: the invocation was interrupted")
        failed = result.error_type is not None
        metrics.count(version.id, failed=failed, milliseconds=result.milliseconds)
        return InvocationResult(
            request_id=invocation.request_id,
            payload=result.payload,
            is_error=failed,
            logs=result.log,
            executed_version=version.id.qualifier,
        )

    def _successor(self) -> LambdaVersionManager:
        """An update has replaced this version between its choice and its use."""
        current = lambda_service().lambda_running_versions.get(self.function_arn)
        if current is None or current is self:
            raise ResourceConflictException(
                "The operation cannot be performed at this time. The function is currently in the "
                f"following state: {self.state.state}",
                Type="User",
            )
        return current

    def _provisioned_changed(self, state: Provisioned) -> None:
        if state.failed:
            status = ProvisionedConcurrencyStatusEnum.FAILED
        elif state.working or state.available < state.requested:
            status = ProvisionedConcurrencyStatusEnum.IN_PROGRESS
        else:
            status = ProvisionedConcurrencyStatusEnum.READY
        told = ProvisionedConcurrencyState(
            allocated=state.available,
            available=state.available,
            status=status,
            status_reason=INIT_FAILED if state.failed else None,
        )
        self.provisioned_state = told if state.requested else None


def request(invocation: Invocation) -> Request:
    """The invocation as the environment takes it. The trace header is complete, or X-Ray's SDK in
    the handler complains.
    """
    trace = invocation.trace_context.get("aws_trace_header") or TraceHeader().ensure_root_exists()
    trace.ensure_sampled_exists()
    trace.ensure_parent_exists()
    return Request(
        request_id=invocation.request_id,
        payload=invocation.payload,
        function_arn=invocation.invoked_arn,
        trace_id=trace.to_header_str(),
        client_context=client_context(invocation.client_context),
    )


def client_context(given: str | None) -> str | None:
    """As the runtime takes it, in a header: JSON of one line, in ASCII."""
    decoded = base64.b64decode(given or "")
    return json.dumps(json.loads(decoded)) if decoded else None
