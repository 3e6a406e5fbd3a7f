"""Data sets: their tables checked when they are made, their data read when somebody looks."""

import re
import shutil
import time
import uuid
from typing import Any

from emulation.compute.visuals.errors import NotDrawn, VisualError
from emulation.services.paging import page
from emulation.services.quicksight import errors, ingestions
from emulation.services.quicksight.copies import copies_folder
from emulation.services.quicksight.planning import outline
from emulation.services.quicksight.searching import searched
from emulation.services.quicksight.sharing import checked_permissions, existing
from emulation.services.quicksight.store import (
    DATA_SETS,
    DATA_SOURCES,
    INGESTIONS,
    LOCK,
    SCHEDULES,
    Members,
    Shelf,
)
from emulation.services.quicksight.times import moment
from emulation.services.scope import Scope

NOUN = "dataset"
TABLE_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
KEPT = (
    "Name", "PhysicalTableMap", "LogicalTableMap", "ImportMode", "ColumnGroups", "FieldFolders",
    "DatasetParameters", "DataSetUsageConfiguration",
)  # fmt: skip
REFUSED = {
    "RowLevelPermissionDataSet": "row-level security by a data set (RowLevelPermissionDataSet)",
    "RowLevelPermissionTagConfiguration": "row-level security by tags",
    "ColumnLevelPermissionRules": "column-level security (ColumnLevelPermissionRules)",
    "DataPrepConfiguration": "data sets of the new data preparation (DataPrepConfiguration)",
    "SemanticModelConfiguration": "semantic models",
    "FolderArns": "folders",
}


def create(scope: Scope, request: Members) -> Members:
    """CreateDataSet; one in SPICE is imported at once."""
    name = request["DataSetId"]
    made = {
        "Id": name,
        "Arn": scope.arn("quicksight", f"{NOUN}/{name}"),
        "CreatedTime": time.time(),
        "Tags": request.get("Tags") or [],
        "Permissions": checked_permissions(scope, NOUN, request.get("Permissions")),
        **_described_by(scope, request),
    }
    with LOCK:
        if Shelf(scope, DATA_SETS).get(name) is not None:
            raise errors.exists("DATA_SET", name)
        return {**_keep(scope, made, "INITIAL_INGESTION"), "Status": 201}


def _described_by(scope: Scope, request: Members) -> Members:
    """What create and update set.

    Raises:
        NotImplementedError: what is not computed here.
    """
    for member, what in REFUSED.items():
        if request.get(member):
            raise NotImplementedError(f"quicksight {what}: not emulated")
    made: Members = {member: request[member] for member in KEPT if request.get(member)}
    made.setdefault("PhysicalTableMap", {})
    for member in ("PhysicalTableMap", "LogicalTableMap"):
        _check_keys(member, made.get(member) or {})
    _check_sources(scope, made)
    try:
        columns = outline(scope, made).columns
    except NotDrawn as error:
        raise NotImplementedError(f"quicksight data sets: {error}") from error
    except VisualError as error:
        raise errors.invalid(str(error)) from error
    made["OutputColumns"] = [{"Name": name, "Type": str(kind)} for name, kind in columns.items()]
    return made


def _check_keys(member: str, tables: Members) -> None:
    """Ids of tables are keys of a map, whose pattern the API's model does not carry."""
    if not all(TABLE_ID.fullmatch(name) for name in tables):
        place = f"{member[0].lower()}{member[1:]}"
        raise errors.validation(
            f"1 validation error detected: Value '{{{', '.join(tables)}}}' at '{place}' failed to "
            "satisfy constraint: Map keys must satisfy constraint: [Member must have length less "
            "than or equal to 64, Member must have length greater than or equal to 1, Member must "
            "satisfy regular expression pattern: [0-9a-zA-Z-]*]"
        )


def _check_sources(scope: Scope, made: Members) -> None:
    for name, table in made["PhysicalTableMap"].items():
        if len(table) != 1:
            raise errors.invalid(f"Physical table {name} must have exactly one kind.")
        ((kind, given),) = table.items()
        if kind == "SaaSTable":
            raise NotImplementedError(
                "quicksight physical tables of kind SaaSTable are not emulated"
            )
        arn = given["DataSourceArn"]
        source = Shelf(scope, DATA_SOURCES).get(arn.rpartition("/")[2])
        if source is None or source["Arn"] != arn:
            raise errors.not_found("DATA_SOURCE", arn)
        if not given.get("InputColumns") and not given.get("Columns"):
            raise errors.invalid(f"Physical table {name} must list its columns.")
        if (kind == "S3Source") != (source["Type"] == "S3"):
            raise errors.invalid(f"{kind} does not go with a data source of {source['Type']}.")
        if kind == "S3Source" and made["ImportMode"] != "SPICE":
            raise errors.invalid("An S3 data source can only be imported into SPICE.")
    for name, logical in (made.get("LogicalTableMap") or {}).items():
        if len(logical["Source"]) != 1:
            raise errors.invalid(
                "Exactly one of PhysicalTableId, JoinInstruction or DataSetArn must be set for "
                f"LogicalTable {name}"
            )


def _keep(scope: Scope, made: Members, why: str) -> Members:
    made["LastUpdatedTime"] = time.time()
    Shelf(scope, DATA_SETS).put(made["Id"], made)
    answer: Members = {"Arn": made["Arn"], "DataSetId": made["Id"]}
    if made["ImportMode"] == "SPICE":
        ingestion = ingestions.start(scope, made, str(uuid.uuid4()), why)
        answer |= {"IngestionArn": ingestion["Arn"], "IngestionId": ingestion["Id"]}
    return answer


def update(scope: Scope, request: Members) -> Members:
    """UpdateDataSet."""
    with LOCK:
        before = existing(scope, NOUN, request["DataSetId"])
        made = _described_by(scope, request)
        kept = {name: value for name, value in before.items() if name not in {*KEPT, "Copy"}}
        # The copy of other columns is of no use; until the new one is there, there is none.
        same = before["OutputColumns"] == made["OutputColumns"]
        copy = {"Copy": before["Copy"]} if same and before.get("Copy") else {}
        return {**_keep(scope, {**kept, **made, **copy}, "EDIT"), "Status": 200}


def _summary(data_set: Members) -> Members:
    return {
        "Arn": data_set["Arn"],
        "DataSetId": data_set["Id"],
        "Name": data_set["Name"],
        "CreatedTime": moment(data_set["CreatedTime"]),
        "LastUpdatedTime": moment(data_set["LastUpdatedTime"]),
        "ImportMode": data_set["ImportMode"],
    }


def describe(scope: Scope, request: Members) -> Members:
    """DescribeDataSet."""
    data_set = existing(scope, NOUN, request["DataSetId"])
    size = 0
    if data_set.get("Copy"):
        path = copies_folder(scope, data_set["Id"]) / f"{data_set['Copy']}.parquet"
        size = path.stat().st_size if path.exists() else 0
    members: Members = {name: data_set[name] for name in KEPT if name in data_set}
    return {
        "DataSet": {
            **_summary(data_set),
            **members,
            "OutputColumns": data_set["OutputColumns"],
            "ConsumedSpiceCapacityInBytes": size,
        }
    }


def list_all(scope: Scope, request: Members) -> Members:
    """ListDataSets."""
    some, more = page(request, Shelf(scope, DATA_SETS).all(), errors.bad_token())
    return {"DataSetSummaries": [_list_item(one) for one in some], **more}


def search(scope: Scope, request: Members) -> Members:
    """SearchDataSets."""
    found = searched(Shelf(scope, DATA_SETS).all(), request["Filters"], "DATASET_NAME")
    some, more = page(request, found, errors.bad_token())
    return {"DataSetSummaries": [_list_item(one) for one in some], **more}


def _list_item(data_set: Members) -> Members:
    return _summary(data_set) | {
        "RowLevelPermissionTagConfigurationApplied": False,
        "ColumnLevelPermissionRulesApplied": False,
    }


def delete(scope: Scope, request: Members) -> Members:
    """DeleteDataSet with its copies, ingestions and schedules."""
    data_set = existing(scope, NOUN, request["DataSetId"])
    name = data_set["Id"]
    with LOCK:
        Shelf(scope, DATA_SETS).remove(name)
        for kind in (INGESTIONS, SCHEDULES):
            shelf = Shelf(scope, kind)
            for one in shelf.all():
                if one["DataSetId"] == name:
                    ingestions.forget(one)
                    shelf.remove(f"{name}/{one['Id']}")
    shutil.rmtree(copies_folder(scope, name), ignore_errors=True)
    return {"Arn": data_set["Arn"], "DataSetId": name}


def arns(scope: Scope) -> dict[str, Any]:
    """Every data set by its ARN."""
    return {one["Arn"]: one for one in Shelf(scope, DATA_SETS).all()}
