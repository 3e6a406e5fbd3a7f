"""What the engine does not keep of a table: its tags, and what is a record here and work on AWS."""

from dataclasses import dataclass, field
from typing import Any

from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute

Members = dict[str, Any]
"""A part of a request or an answer, as the API spells it."""


@dataclass
class TableRecord:
    """A table beside its items."""

    table_id: str
    tags: dict[str, str] = field(default_factory=dict)
    encryption: Members | None = None
    """As DescribeTable answers it: `SSEDescription`."""
    table_class: str | None = None


class DynamoDbStore(BaseStore):
    """One account's tables in one region, by name."""

    tables: dict[str, TableRecord] = LocalAttribute(default=dict)


STORES = AccountRegionBundle("dynamodb", DynamoDbStore)
