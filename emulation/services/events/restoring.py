"""LocalStack's provider keeps a worker beside each record, and makes none for records that it reads
from a snapshot: made here, when the state of the last run is back.
"""

from typing import Any

from localstack.services.events.api_destination import APIDestinationService
from localstack.services.events.archive import ArchiveService
from localstack.services.events.connection import ConnectionService
from localstack.services.events.event_bus import EventBusService
from localstack.services.events.models import EventsStore, events_stores

from emulation.services.events import replays


def restore(provider: Any) -> None:
    """Give every record its worker."""
    for _, _, store in events_stores.iter_stores():
        replays.fail_interrupted(store)
        for bus in store.event_buses.values():
            provider._event_bus_services_store[bus.arn] = EventBusService(bus)
        for archive in store.archives.values():
            created, state = archive.creation_time, archive.state
            service = ArchiveService(archive)
            archive.creation_time, archive.state = created, state
            provider._archive_service_store[archive.arn] = service
        _restore_connections(provider, store)


def _restore_connections(provider: Any, store: EventsStore) -> None:
    by_arn = {connection.arn: connection for connection in store.connections.values()}
    for connection in by_arn.values():
        service = ConnectionService.restore_from_connection(connection)
        provider._connection_service_store[connection.arn] = service
    for destination in store.api_destinations.values():
        if destination.connection_arn in by_arn:
            connection = by_arn[destination.connection_arn]
            provider._api_destination_service_store[destination.arn] = (
                APIDestinationService.restore_from_api_destination_and_connection(
                    destination, connection
                )
            )
