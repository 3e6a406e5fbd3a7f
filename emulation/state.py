"""State of LocalStack's services survives a restart: snapshots of their stores, service by service.

LocalStack's open core keeps everything in memory, but its providers can show where
(`accept_state_visitor`) and take it back (`on_after_state_load`). A snapshot is written two
seconds after the last change of a service and when the emulator stops, and replaces the one before
it in one step. So `kill -9` loses at most the last seconds of control-plane changes, never data:
objects and stream records are on disk before they are answered (`services/s3`, `services/kinesis`).
"""

import logging
import pickle as standard_pickle
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.aws.handlers import run_custom_response_handlers
from localstack.http import Response
from localstack.services.plugins import SERVICE_PLUGINS, ServiceState
from localstack.state import AssetDirectory, StateVisitor, pickle
from moto.ssm.models import ParameterDict

from emulation.interrupted import fail_interrupted_stacks
from emulation.settings import settings
from emulation.stack_state import forget_kept, keep, load_kept

LOG = logging.getLogger(__name__)

SAVING = threading.RLock()
"""One snapshot at a time: two of one service would write the same file."""

QUIET_SECONDS = 2.0
"""A service is saved when it has not changed for so long; work in its threads settles meanwhile."""

LONGEST_WAIT_SECONDS = 10.0
"""A service that never rests is saved this often."""

SHARE_OF_TIME = 0.01
"""No more of the time goes into saving a service that never rests: nothing else runs meanwhile."""

STACKS = "cloudformation"

READING = ("Get", "List", "Describe", "Head", "Query", "Scan", "Filter", "Lookup", "Receive")
"""Operations that begin so change nothing worth a snapshot."""

UNSAVEABLE = (standard_pickle.PicklingError, TypeError, RuntimeError, AttributeError)
"""What pickling raises when a store changes under it or holds what cannot be kept."""


# A lock is kept as a new one: the pickler would keep it as held by a thread that is no more.
pickle.reducer(type(threading.Lock()), threading.Lock)(lambda _: ())
pickle.reducer(type(threading.RLock()), threading.RLock)(lambda _: ())


def restore_parameters(account: str, region: str, parameters: dict[str, Any]) -> Any:
    """The SSM parameters of an account and region; a plain pickle cannot make their class."""
    kept = ParameterDict(account, region)
    kept.update(parameters)
    return kept


pickle.reducer(ParameterDict, restore_parameters)(
    lambda parameters: (parameters.account_id, parameters.region_name, dict(parameters))
)


class Snapshot(StateVisitor):
    """Visits the stores of one service in the provider's own, fixed order."""

    def __init__(self, service: str) -> None:
        self.folder = settings().folder("services", service)
        self.visited = 0

    def next_file(self) -> Path:
        """The file of the store that is visited now."""
        self.visited += 1
        return self.folder / f"{self.visited}.pickle"


class Save(Snapshot):
    """Writes each store."""

    def visit(self, state_container: Any) -> None:
        """Write to the side what can be read again, then put it in the place of the last one."""
        path = self.next_file()
        if isinstance(state_container, AssetDirectory):
            return
        snapshot = pickle.dumps(state_container)
        pickle.loads(snapshot)
        written = path.with_suffix(".new")
        written.write_bytes(snapshot)
        written.replace(path)


class Load(Snapshot):
    """Fills each store."""

    def visit(self, state_container: Any) -> None:
        """Fill the store that the modules of the service already hold."""
        path = self.next_file()
        if isinstance(state_container, AssetDirectory) or not path.exists():
            return
        loaded = pickle.loads(path.read_bytes())
        state_container.clear()
        for key, value in loaded.items():
            dict.__setitem__(state_container, key, value)
        vars(state_container).update(vars(loaded))


def save_service(name: str) -> None:
    """Write a service's snapshot now; work in threads calls this when it has ended."""
    service = SERVICE_PLUGINS.get_service(name)
    try:
        with SAVING:
            service.lifecycle_hook.on_before_state_save()
            service.accept_state_visitor(Save(name))
            service.lifecycle_hook.on_after_state_save()
            if name == STACKS:
                forget_kept()
    except UNSAVEABLE as error:
        LOG.warning("the state of %s was not saved: %s", name, error)


def load_service(name: str) -> None:
    """Start a service and give it its snapshot.

    Raises:
        SystemExit: it cannot be read; to go on without it would lose what depends on it.
    """
    service = SERVICE_PLUGINS.require(name)
    service.lifecycle_hook.on_before_state_load()
    try:
        service.accept_state_visitor(Load(name))
    except (*UNSAVEABLE, ImportError, EOFError) as error:
        raise SystemExit(
            f"the state of {name} in {settings().state_folder} cannot be read ({error}): "
            "`make clean` drops all of it"
        ) from error
    service.lifecycle_hook.on_after_state_load()


class Saver:
    """Notes which services change and saves each when it rests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed: dict[str, tuple[float, float]] = {}
        """First and last change since the last snapshot, by service."""
        self._cost: dict[str, float] = defaultdict(float)
        """How long the last snapshot took, in s, by service."""

    def note(self, _: HandlerChain, context: RequestContext, __: Response) -> None:
        """A response handler: remember that the request changed its service."""
        operation = context.operation
        if operation is None or operation.name.startswith(READING):
            return
        now = time.monotonic()
        with self._lock:
            first, _last = self._changed.get(context.service.service_name, (now, now))
            self._changed[context.service.service_name] = (first, now)

    def run(self) -> None:
        """Save what rests, for ever."""
        while True:
            time.sleep(QUIET_SECONDS / 4)
            for name in self.take_resting():
                started = time.monotonic()
                save_service(name)
                self._cost[name] = time.monotonic() - started

    def save_changed(self) -> None:
        """Save everything that has changed, now; the stacks last, for they speak of the others."""
        self._save_others()
        with self._lock:
            self._changed.pop(STACKS, None)
        save_service(STACKS)

    def save_stack(self, stack: Any) -> None:
        """Save everything that has changed and, of the stacks, this one."""
        self._save_others()
        try:
            with SAVING:
                keep(stack)
        except UNSAVEABLE as error:
            LOG.warning("the state of %s was not saved: %s", stack.stack_name, error)

    def _save_others(self) -> None:
        with self._lock:
            names = self._changed.keys() - {STACKS}
            for name in names:
                del self._changed[name]
        for name in sorted(names):
            save_service(name)

    def take_resting(self) -> list[str]:
        """The services to save now."""
        now = time.monotonic()
        with self._lock:
            resting = [
                name
                for name, (first, last) in self._changed.items()
                if now - last > QUIET_SECONDS
                or now - first > max(LONGEST_WAIT_SECONDS, self._cost[name] / SHARE_OF_TIME)
            ]
            for name in resting:
                del self._changed[name]
        return resting


SAVER = Saver()
"""The emulator's one saver."""


def load_state() -> None:
    """Give every service that has a snapshot its state back, then save what changes from now on."""
    for folder in sorted(settings().folder("services").iterdir()):
        if SERVICE_PLUGINS.exists(folder.name):
            load_service(folder.name)
    load_kept()
    fail_interrupted_stacks()
    run_custom_response_handlers.append(SAVER.note)
    threading.Thread(target=SAVER.run, name="state-saver", daemon=True).start()


def save_state() -> None:
    """Save every service that runs; called when the emulator stops."""
    for name, state in SERVICE_PLUGINS.get_states().items():
        if state is ServiceState.RUNNING:
            save_service(name)
