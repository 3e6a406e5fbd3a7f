"""Glue on the wire: the operations of all its nouns in one class, and what happens to its state."""

import shutil

from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.glue.crawlers import CrawlerOperations
from emulation.services.glue.crawls import fail_interrupted_crawls
from emulation.services.glue.databases import DatabaseOperations
from emulation.services.glue.job_runs import JobRunOperations, fail_interrupted_runs
from emulation.services.glue.jobs import JobOperations
from emulation.services.glue.partitions import PartitionOperations
from emulation.services.glue.store import LOCK, STORES, Scope
from emulation.services.glue.tables import TableOperations
from emulation.services.glue.tags import TagOperations
from emulation.settings import settings


class GlueProvider(
    DatabaseOperations,
    TableOperations,
    PartitionOperations,
    CrawlerOperations,
    JobOperations,
    JobRunOperations,
    TagOperations,
    ServiceLifecycleHook,
):
    """An operation that none of these classes has is refused by name."""

    service = "glue"

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """All that Glue keeps."""
        with LOCK:
            visitor.visit(STORES)

    def on_after_state_load(self) -> None:
        """What ran when the emulator ended has ended with it, and left its folder behind."""
        shutil.rmtree(settings().folder("glue", "runs"), ignore_errors=True)
        for account, region, _ in STORES.iter_stores():
            fail_interrupted(Scope(account, region))


def fail_interrupted(scope: Scope) -> None:
    """Mark work that nobody does any more."""
    fail_interrupted_runs(scope)
    fail_interrupted_crawls(scope)
