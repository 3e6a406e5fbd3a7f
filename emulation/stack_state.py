"""How stacks are written, so that each resource that they create can be on disk at once.

LocalStack keeps the graph of every change set that there was: a snapshot of twenty stacks takes
two seconds, far too long for each of their resources. So a stack that is being deployed has a file
of its own until the next snapshot, and a graph is written once and read when somebody asks for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from localstack.services.cloudformation.models import cloudformation_stores
from localstack.services.cloudformation.v2.entities import ChangeSet
from localstack.state import pickle

from emulation.settings import settings

GRAPH = "_cached_update_model"


class Frozen:
    """A graph as it is written."""

    def __init__(self, content: bytes) -> None:
        self.content = content


FROZEN: WeakKeyDictionary[Any, tuple[object, Frozen]] = WeakKeyDictionary()
"""What was written of a graph, and the state in which it was."""


def frozen(change_set: Any) -> Frozen | None:
    """A change set's graph, as it is written; it changes while it is deployed, and then no more."""
    graph = vars(change_set)[GRAPH]
    if graph is None or isinstance(graph, Frozen):
        return graph
    caches = (graph.before_runtime_cache, graph.after_runtime_cache)
    state = (change_set.execution_status, *map(len, caches))
    known = FROZEN.get(graph)
    if known is None or known[0] != state:
        known = FROZEN[graph] = (state, Frozen(pickle.dumps(graph)))
    return known[1]


def thawed(change_set: Any) -> Any:
    """A change set's graph."""
    graph = vars(change_set)[GRAPH]
    if isinstance(graph, Frozen):
        graph = vars(change_set)[GRAPH] = pickle.loads(graph.content)
    return graph


def restored(members: dict[str, Any]) -> Any:
    """A change set that was written."""
    change_set = ChangeSet.__new__(ChangeSet)
    vars(change_set).update(members)
    return change_set


pickle.reducer(ChangeSet, restored)(
    lambda change_set: ({**vars(change_set), GRAPH: frozen(change_set)},)
)
ChangeSet.update_model = property(thawed)


def keep(stack: Any) -> None:
    """Write one stack; the caller sees to it that no snapshot is taken meanwhile."""
    path = settings().folder("stacks") / f"{stack.stack_id.rpartition('/')[2]}.pickle"
    written = path.with_suffix(".new")
    written.write_bytes(pickle.dumps(stack))
    written.replace(path)


def forget_kept() -> None:
    """A snapshot has them all."""
    for path in _files():
        path.unlink()


def load_kept() -> None:
    """Bring the stacks to where they were after the last snapshot."""
    for path in _files():
        stack = pickle.loads(path.read_bytes())
        stacks = cloudformation_stores[stack.account_id][stack.region_name].stacks_v2
        # Change sets hold the stack that the snapshot has.
        vars(stacks.setdefault(stack.stack_id, stack)).update(vars(stack))


def _files() -> Iterator[Path]:
    return settings().folder("stacks").glob("*.pickle")
