"""Redshift Serverless on the wire: the operations of its nouns in one class."""

from localstack.services.plugins import ServiceLifecycleHook
from localstack.state import StateVisitor

from emulation.services.redshift_serverless.namespaces import NamespaceOperations
from emulation.services.redshift_serverless.store import STORES
from emulation.services.redshift_serverless.tags import TagOperations
from emulation.services.redshift_serverless.warehouse import close_warehouse, warehouse
from emulation.services.redshift_serverless.workgroups import WorkgroupOperations


class RedshiftServerlessProvider(
    NamespaceOperations, WorkgroupOperations, TagOperations, ServiceLifecycleHook
):
    """An operation that none of these classes has is refused by name."""

    service = "redshift-serverless"

    def accept_state_visitor(self, visitor: StateVisitor) -> None:
        """All that it keeps; the data lies in the warehouse's files."""
        visitor.visit(STORES)

    def on_after_state_load(self) -> None:
        """Open the databases again: a namespace is available because they are open."""
        for _, _, store in STORES.iter_stores():
            for namespace in store.namespaces.values():
                warehouse().open(namespace.id)

    def on_before_stop(self) -> None:
        """Let go of the files."""
        close_warehouse()
