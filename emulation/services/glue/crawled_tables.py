"""What a crawl found, written to the catalog: new tables and partitions always, changes as the
crawler's policy says.

A table belongs to the crawler that wrote it (`UPDATED_BY_CRAWLER`); one that it no longer finds is
deleted, marked or left alone, as the policy says.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulation.compute.crawling.layout import Partition, TableFound, table_name
from emulation.services.glue import tables
from emulation.services.glue.crawled_formats import descriptor, parameters
from emulation.services.glue.databases import database_record
from emulation.services.glue.partitions import add
from emulation.services.glue.store import Database, Record, Scope, Table, now

SERIALIZER = {
    "CrawlerSchemaSerializerVersion": "1.0",
    "CrawlerSchemaDeserializerVersion": "1.0",
}


@dataclass
class Changes:
    """What a crawl changed."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    partitions: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """For the log."""

    def counts(self) -> tuple[int, int, int]:
        """Tables created, updated and deleted."""
        return len(self.created), len(self.updated), len(self.deleted)

    def summary(self) -> str:
        """As `ListCrawls` tells it: a JSON text."""
        named = {"ADD": self.created, "UPDATE": self.updated, "DELETE": self.deleted}
        found: Record = {
            action: {"Details": {"names": names}, "Count": len(names)}
            for action, names in named.items()
            if names
        }
        summary: Record = {"TABLE": json.dumps(found)} if found else {}
        if self.partitions:
            summary["PARTITION"] = json.dumps({"ADD": {"Count": len(self.partitions)}})
        return json.dumps(summary)


@dataclass(frozen=True, slots=True)
class FoundAt:
    """A table that was found in a bucket."""

    bucket: str
    table: TableFound

    @property
    def location(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.table.location}"

    @property
    def name(self) -> str:
        """Its name, without the crawler's prefix."""
        return table_name(self.table.location or self.bucket)


class Writer:
    """Writes what one crawl found to the crawler's database."""

    def __init__(self, scope: Scope, crawler: Record) -> None:
        self._scope = scope
        self._crawler = crawler
        self._database = self._open(crawler["DatabaseName"].lower())
        self.changes = Changes()

    def write(self, found: Sequence[FoundAt]) -> Changes:
        """Write all that was found, and see to what was not."""
        seen = {self._write_table(item) for item in found}
        for name, table in list(self._database.tables.items()):
            written_by = table.record.get("Parameters", {}).get("UPDATED_BY_CRAWLER")
            if written_by == self._crawler["Name"] and name not in seen:
                self._lose_table(name, table)
        self._sum_up()
        return self.changes

    def _open(self, name: str) -> Database:
        """A crawler makes its database when that is missing."""
        databases = self._scope.store.databases
        if name not in databases:
            databases[name] = Database(database_record(self._scope, name, {}))
        return databases[name]

    def _write_table(self, item: FoundAt) -> str:
        name = self._name_of(item)
        table = self._database.tables.get(name)
        if table is None:
            given = self._definition(name, item)
            table = tables.create(self._scope, self._database.record["Name"], given)
            self.changes.created.append(name)
            self._say(f"Created table {name} in database {self._database.record['Name']}")
        else:
            self._update_table(table, item)
        self._write_partitions(table, item)
        return name

    def _name_of(self, item: FoundAt) -> str:
        """The table's name; with a hash of its place where another table has the name already."""
        name = f"{self._crawler.get('TablePrefix', '')}{item.name}".lower()
        there = self._database.tables.get(name)
        if there is None or place_of(there) == item.location.rstrip("/"):
            return name
        return f"{name}_{hashlib.md5(item.location.encode(), usedforsecurity=False).hexdigest()}"

    def _definition(self, name: str, item: FoundAt) -> Record:
        table = item.table
        owned = {"UPDATED_BY_CRAWLER": self._crawler["Name"]}
        extra = {**SERIALIZER, **owned}
        keys = table.keys
        return {
            "Name": name,
            "Owner": "owner",
            "StorageDescriptor": descriptor(item.location, table.columns, table.files, extra),
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {**parameters(table.files), **extra},
        }

    def _update_table(self, table: Table, item: FoundAt) -> None:
        """Give a known table its new columns and figures, if the policy says so."""
        old, name = table.record, table.record["Name"]
        given = self._definition(name, item)
        if self._only_adds_columns():
            columns = columns_of(old)
            known = {column["Name"] for column in columns}
            new = [column for column in columns_of(given) if column["Name"] not in known]
            given["StorageDescriptor"]["Columns"] = [*columns, *new]
        changed = shape(given) != shape(old)
        if self._policy("UpdateBehavior") == "LOG":
            if changed:
                self._say(f"Table {name} has changed, and the policy is to log it only")
            return
        tables.replace(table, given, archive=changed)
        if changed:
            self.changes.updated.append(name)
            self._say(f"Updated table {name} in database {self._database.record['Name']}")

    def _only_adds_columns(self) -> bool:
        output = json.loads(self._crawler.get("Configuration") or "{}").get("CrawlerOutput", {})
        return bool(output.get("Tables", {}).get("AddOrUpdateBehavior") == "MergeNewColumns")

    def _write_partitions(self, table: Table, item: FoundAt) -> None:
        found = {
            tuple(value for _, value in part.values): part
            for part in item.table.partitions
            if part.values
        }
        for values, part in found.items():
            given = partition_input(item.bucket, values, part)
            if values not in table.partitions:
                add(table, given)
                self.changes.partitions.append(part.folder)
            elif self._policy("UpdateBehavior") != "LOG":
                table.partitions[values].update(given)
        if self._policy("DeleteBehavior") == "DELETE_FROM_DATABASE":
            for values in [values for values in table.partitions if values not in found]:
                del table.partitions[values]

    def _lose_table(self, name: str, table: Table) -> None:
        """What becomes of a table whose data are gone."""
        behavior = self._policy("DeleteBehavior")
        if behavior == "DELETE_FROM_DATABASE":
            del self._database.tables[name]
            self.changes.deleted.append(name)
            self._say(f"Deleted table {name} because its data were not found")
        elif behavior == "DEPRECATE_IN_DATABASE":
            stamp = str(int(now().timestamp() * 1000))
            table.record["Parameters"].setdefault("DEPRECATED_BY_CRAWLER", stamp)
            self._say(
                f"Table {name} is marked deprecated because a matching schema was not found "
                "at the table's location."
            )
        else:
            self._say(f"Table {name} was not found, and the policy is to log it only")

    def _policy(self, name: str) -> str:
        return str(self._crawler["SchemaChangePolicy"].get(name, ""))

    def _say(self, line: str) -> None:
        self.changes.lines.append(line)

    def _sum_up(self) -> None:
        actions = ("ADD", self.changes.created), ("UPDATE", self.changes.updated)
        counted = [(word, names) for word, names in actions if names]
        if counted:
            self._say("Run Summary For TABLE:")
        for word, names in counted:
            self._say(f"{word}: {len(names)}")
        if self.changes.partitions:
            self._say("Run Summary For PARTITION:")
            self._say(f"ADD: {len(self.changes.partitions)}")


def place_of(table: Table) -> str:
    """A table's address, without the last slash."""
    return str(table.record.get("StorageDescriptor", {}).get("Location", "")).rstrip("/")


def columns_of(record: Record) -> list[Record]:
    """The columns of a table or of its definition."""
    return list(record.get("StorageDescriptor", {}).get("Columns", []))


def shape(record: Record) -> tuple[object, object, object]:
    """What of a table makes a new version when it changes."""
    library = record.get("StorageDescriptor", {}).get("SerdeInfo", {})
    return columns_of(record), record.get("PartitionKeys"), library.get("SerializationLibrary")


def partition_input(bucket: str, values: tuple[str, ...], part: Partition) -> Record:
    """A partition as the catalog takes it."""
    location = f"s3://{bucket}/{part.folder}"
    return {
        "Values": list(values),
        "StorageDescriptor": descriptor(location, part.columns, part.files, {}),
        "Parameters": parameters(part.files),
    }
