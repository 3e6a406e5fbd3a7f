"""Workers of event source mappings, made without a request to anybody: when the emulator loads its
state, the gateway that LocalStack's factory asks for credentials and queues does not serve yet.
"""

from collections.abc import Callable

from localstack.runtime import events
from localstack.services.lambda_.event_source_mapping.esm_worker import (
    EsmState,
    EsmStateReason,
    EsmWorker,
)
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers.poller import Poller
from localstack.utils.aws.arns import parse_arn

from emulation.services.lambda_ import mapping_checks
from emulation.services.lambda_.kinesis_mapping import KinesisMapping, checkpoints_of

Make = Callable[[EsmWorkerFactory], EsmWorker]

START_SECONDS = 60


class LatePoller:
    """Waits until the gateway serves, then is what `make` makes."""

    def __init__(self, make: Callable[[], Poller]) -> None:
        self._make = make
        self._poller: Poller | None = None

    def poll_events(self) -> None:
        """One round of the poller, when it can be made."""
        if events.infra_ready.wait(START_SECONDS):
            self._poller = self._poller or self._make()
            self._poller.poll_events()

    def close(self) -> None:
        """End it, when it was made."""
        if self._poller is not None:
            self._poller.close()


def worker(make: Make, factory: EsmWorkerFactory) -> EsmWorker:
    """A worker whose poller of a Kinesis stream is ours; other sources have LocalStack's."""
    source = parse_arn(factory.esm_config["EventSourceArn"])["service"]
    if factory.esm_config["State"] == EsmState.DELETING:
        return _deleted(factory)
    if source == "kinesis" and mapping_checks.streams_are_ours():
        made = _worker(factory, EsmStateReason.USER_ACTION)
        role = factory.function_role_arn
        # Now, not when the poller is made: LATEST is what comes after this answer.
        checkpoints_of(made.uuid)
        made.poller = LatePoller(lambda: KinesisMapping(made, role))
        return made
    if events.infra_ready.is_set():
        return make(factory)
    is_queue = source == "sqs"
    made = _worker(
        factory, EsmStateReason.USER_INITIATED if is_queue else EsmStateReason.USER_ACTION
    )
    made.poller = LatePoller(lambda: make(factory).poller)
    return made


class LastPoller:
    """Ends its worker, which then takes the mapping out of the store."""

    def __init__(self, made: EsmWorker) -> None:
        self._worker = made

    def poll_events(self) -> None:
        """The first round is the last."""
        self._worker.delete()

    def close(self) -> None:
        """Nothing was opened."""


def _deleted(factory: EsmWorkerFactory) -> EsmWorker:
    """The worker of a mapping whose deletion was cut short by a kill."""
    made = EsmWorker(factory.esm_config, poller=None, enabled=True)
    made.poller = LastPoller(made)
    return made


def _worker(factory: EsmWorkerFactory, reason: EsmStateReason) -> EsmWorker:
    return EsmWorker(
        factory.esm_config, poller=None, enabled=factory.enabled, user_state_reason=reason
    )
