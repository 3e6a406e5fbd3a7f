"""Partitions of the Data Catalog's tables."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler

from emulation.services.glue.errors import (
    AlreadyExistsError,
    EntityNotFoundError,
    InvalidInputError,
)
from emulation.services.glue.paging import page
from emulation.services.glue.partition_expressions import compile_expression
from emulation.services.glue.store import LOCK, Record, Table, now, pick, scope_of
from emulation.services.glue.tables import find_table

MEMBERS = ("LastAccessTime", "StorageDescriptor", "Parameters", "LastAnalyzedTime")


class PartitionOperations:
    """The operations on partitions."""

    @handler("CreatePartition", expand=False)
    def create_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Add a partition."""
        with LOCK:
            add(table_of(context, request), request["PartitionInput"])
        return {}

    @handler("BatchCreatePartition", expand=False)
    def batch_create_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Add several partitions."""
        table = table_of(context, request)
        return each(
            request["PartitionInputList"],
            lambda given: add(table, given),
            lambda given: {"PartitionValues": given.get("Values", [])},
        )

    @handler("UpdatePartition", expand=False)
    def update_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Replace a partition, its values too when they change."""
        with LOCK:
            change(
                table_of(context, request),
                request["PartitionValueList"],
                request["PartitionInput"],
            )
        return {}

    @handler("BatchUpdatePartition", expand=False)
    def batch_update_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Replace several partitions."""
        table = table_of(context, request)
        return each(
            request["Entries"],
            lambda entry: change(table, entry["PartitionValueList"], entry["PartitionInput"]),
            lambda entry: {"PartitionValueList": entry["PartitionValueList"]},
        )

    @handler("DeletePartition", expand=False)
    def delete_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget a partition."""
        with LOCK:
            remove(table_of(context, request), request["PartitionValues"])
        return {}

    @handler("BatchDeletePartition", expand=False)
    def batch_delete_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget several partitions."""
        table = table_of(context, request)
        return each(
            request["PartitionsToDelete"],
            lambda item: remove(table, item["Values"]),
            lambda item: {"PartitionValues": item["Values"]},
        )

    @handler("GetPartition", expand=False)
    def get_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One partition."""
        return {"Partition": find(table_of(context, request), request["PartitionValues"])}

    @handler("BatchGetPartition", expand=False)
    def batch_get_partition(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Several partitions; those that are not there are left out, as on AWS."""
        partitions = table_of(context, request).partitions
        wanted = [tuple(item["Values"]) for item in request["PartitionsToGet"]]
        found = [partitions[values] for values in wanted if values in partitions]
        return {"Partitions": found, "UnprocessedKeys": []}

    @handler("GetPartitions", expand=False)
    def get_partitions(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """A table's partitions, by their values, or those for which an expression is true."""
        table = table_of(context, request)
        keys = table.record.get("PartitionKeys", [])
        wanted = compile_expression(request.get("Expression") or "", keys)
        found = [record for values, record in sorted(table.partitions.items()) if wanted(values)]
        if segment := request.get("Segment"):
            found = found[segment["SegmentNumber"] :: segment["TotalSegments"]]
        if request.get("ExcludeColumnSchema"):
            found = [without_columns(record) for record in found]
        return page(found, request, "Partitions", default=1000)


def table_of(context: RequestContext, request: Any) -> Table:
    """The table that a request names."""
    return find_table(scope_of(context).store, request["DatabaseName"], request["TableName"])


def each(
    items: list[Any], work: Callable[[Any], object], identity: Callable[[Any], Record]
) -> dict[str, Any]:
    """Do the work for each item; the answer tells of those that it was refused for."""
    errors = []
    for item in items:
        try:
            with LOCK:
                work(item)
        except CommonServiceException as error:
            detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
            errors.append({**identity(item), "ErrorDetail": detail})
    return {"Errors": errors}


def add(table: Table, given: Any) -> None:
    """A new partition."""
    values = checked_values(table, given)
    if values in table.partitions:
        raise AlreadyExistsError("Partition already exists.")
    names = pick(table.record, "DatabaseName", "CatalogId")
    table.partitions[values] = {
        "Values": list(values),
        "TableName": table.record["Name"],
        **names,
        **pick(given, *MEMBERS),
        "CreationTime": now(),
    }


def change(table: Table, values: list[str], given: Any) -> None:
    """A partition with other members, perhaps other values."""
    old = find(table, values)
    new = checked_values(table, given) if given.get("Values") else tuple(values)
    if new != tuple(values) and new in table.partitions:
        raise AlreadyExistsError("Partition already exists.")
    kept = pick(old, "DatabaseName", "TableName", "CatalogId", "CreationTime")
    del table.partitions[tuple(values)]
    table.partitions[new] = {"Values": list(new), **kept, **pick(given, *MEMBERS)}


def remove(table: Table, values: list[str]) -> None:
    """One partition less."""
    find(table, values)
    del table.partitions[tuple(values)]


def find(table: Table, values: list[str]) -> Record:
    """A partition by its values."""
    record = table.partitions.get(tuple(values))
    if record is None:
        raise EntityNotFoundError("Cannot find partition.")
    return record


def checked_values(table: Table, given: Any) -> tuple[str, ...]:
    """The values, as many as the table has keys."""
    values = tuple(given.get("Values") or ())
    if len(values) != len(table.record.get("PartitionKeys", [])):
        raise InvalidInputError(
            "The number of partition keys do not match the number of partition values"
        )
    return values


def without_columns(record: Record) -> Record:
    """A partition without its schema."""
    descriptor = dict(record.get("StorageDescriptor", {}))
    descriptor.pop("Columns", None)
    return {**record, "StorageDescriptor": descriptor}
