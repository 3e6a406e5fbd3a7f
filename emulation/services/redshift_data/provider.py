"""The Data API on the wire: the operations of its nouns in one class."""

from localstack.services.plugins import ServiceLifecycleHook

from emulation.services.redshift_data.metadata import MetadataOperations
from emulation.services.redshift_data.results import ResultOperations
from emulation.services.redshift_data.running import recover
from emulation.services.redshift_data.statements import StatementOperations
from emulation.services.redshift_serverless.warehouse import close_warehouse


class RedshiftDataProvider(
    StatementOperations, ResultOperations, MetadataOperations, ServiceLifecycleHook
):
    """An operation that none of these classes has is refused by name."""

    service = "redshift-data"

    def on_after_init(self) -> None:
        """Take up the statements of former runs, which are on disk without a snapshot."""
        recover()

    def on_before_stop(self) -> None:
        """Let running statements end and the files go."""
        close_warehouse()
