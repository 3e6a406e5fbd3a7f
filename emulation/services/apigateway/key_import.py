"""ImportApiKeys: keys from a CSV with a header; columns in any order, names in any case."""

import csv
import io
from typing import Any

from botocore.exceptions import ClientError

from emulation.services.apigateway.errors import bad_request
from emulation.services.scope import Scope

COLUMNS = {"name", "key", "description", "enabled", "usageplanids"}


def rows_of(body: bytes) -> list[dict[str, str]]:
    """The rows of the file, by lower-case column.

    Raises:
        BadRequestException: it has no keys, or a column that nobody knows.
    """
    rows = [
        {(name or "").strip().lower(): (value or "").strip() for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    ]
    if not rows or "key" not in rows[0] or "name" not in rows[0]:
        raise bad_request("Invalid CSV: the columns name and key are required")
    if unknown := set(rows[0]) - COLUMNS:
        raise bad_request(f"Invalid CSV: unknown columns {sorted(unknown)}")
    return rows


def load(scope: Scope, body: bytes, *, fail_on_warnings: bool) -> tuple[list[str], list[str]]:
    """Make the keys; those that cannot be made are warnings, or all of them are refused."""
    ids: list[str] = []
    warnings: list[str] = []
    for row in rows_of(body):
        try:
            ids.append(made(scope, row))
        except ClientError as error:
            warnings.append(f"{row['name']}: {error.response['Error']['Message']}")
    if warnings and fail_on_warnings:
        for each in ids:
            scope.client("apigateway").delete_api_key(apiKey=each)
        raise bad_request(f"Failed to import API keys: {'; '.join(warnings)}")
    return ids, warnings


def made(scope: Scope, row: dict[str, str]) -> str:
    """One key, in its plans."""
    client: Any = scope.client("apigateway")
    enabled = row.get("enabled", "").lower() != "false"
    key = client.create_api_key(
        name=row["name"],
        value=row["key"],
        description=row.get("description", ""),
        enabled=enabled,
    )
    for plan in filter(None, row.get("usageplanids", "").replace("|", ",").split(",")):
        client.create_usage_plan_key(usagePlanId=plan.strip(), keyId=key["id"], keyType="API_KEY")
    identifier: str = key["id"]
    return identifier
