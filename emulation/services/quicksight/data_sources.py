"""Data sources: recorded at once, and successful when the connection has been tried."""

import time
from functools import partial
from typing import Any

from emulation.services.paging import page
from emulation.services.quicksight import errors
from emulation.services.quicksight.connections import NoConnectionError, try_connection
from emulation.services.quicksight.searching import searched
from emulation.services.quicksight.sharing import checked_permissions, existing, name_in
from emulation.services.quicksight.store import DATA_SOURCES, LOCK, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.quicksight.work import submit
from emulation.services.scope import Scope

PARAMETERS = {"REDSHIFT": "RedshiftParameters", "S3": "S3Parameters"}
"""The types that are computed, with the member that describes them."""
NOUN = "datasource"


def create(scope: Scope, request: Members) -> Members:
    """CreateDataSource."""
    name = request["DataSourceId"]
    if request.get("FolderArns"):
        raise NotImplementedError("quicksight folders are not emulated")
    permissions = checked_permissions(scope, NOUN, request.get("Permissions"))
    source = {
        "Id": name,
        "Arn": scope.arn("quicksight", f"{NOUN}/{name}"),
        "Type": request["Type"],
        "Permissions": permissions,
        "Tags": request.get("Tags") or [],
        "CreatedTime": time.time(),
        **_described_by(scope, request, request["Type"]),
    }
    with LOCK:
        if Shelf(scope, DATA_SOURCES).get(name) is not None:
            raise errors.exists("DATA_SOURCE", name)
        start(scope, {**source, "Status": "CREATION_IN_PROGRESS"})
    return {
        "Arn": source["Arn"],
        "DataSourceId": name,
        "CreationStatus": "CREATION_IN_PROGRESS",
        "Status": 202,
    }


def _described_by(scope: Scope, request: Members, type_: str) -> Members:
    """What create and update set."""
    if type_ not in PARAMETERS:
        raise NotImplementedError(f"quicksight data sources of type {type_} are not emulated")
    parameters = request.get("DataSourceParameters") or {}
    member = PARAMETERS[type_]
    if set(parameters) != {member}:
        raise errors.invalid(f"DataSourceParameters of type {type_} must be {member}.")
    given = parameters[member]
    if type_ == "REDSHIFT":
        if given.get("ClusterId"):
            raise NotImplementedError(
                "quicksight data sources of Redshift clusters are not emulated"
            )
        if not given.get("Host"):
            raise errors.invalid("Either ClusterId or Host and Port must be given.")
    return {
        "Name": request["Name"],
        "DataSourceParameters": parameters,
        "Credentials": _credentials(scope, request),
        "VpcConnectionProperties": request.get("VpcConnectionProperties"),
        "SslProperties": request.get("SslProperties"),
    }


def _credentials(scope: Scope, request: Members) -> Members | None:
    """As they were given; those of another data source are copied."""
    given: Members | None = request.get("Credentials")
    if given and (arn := given.get("CopySourceArn")):
        copied: Members | None = existing(scope, NOUN, name_in(scope, arn, NOUN))["Credentials"]
        return copied
    if given and set(given) & {"KeyPairCredentials", "WebProxyCredentials"}:
        raise NotImplementedError("quicksight key pairs and web proxies are not emulated")
    return given


def start(scope: Scope, source: Members) -> None:
    """Keep a data source and try its connection."""
    source["LastUpdatedTime"] = time.time()
    Shelf(scope, DATA_SOURCES).put(source["Id"], source)
    submit(partial(_try, scope, source))


def _try(scope: Scope, source: Members) -> None:
    word = source["Status"].split("_")[0]
    found: Members = {"Status": f"{word}_SUCCESSFUL", "ErrorInfo": None}
    try:
        try_connection(scope, source)
    except NoConnectionError as error:
        found = {
            "Status": f"{word}_FAILED",
            "ErrorInfo": {"Type": error.type, "Message": error.message},
        }
    with LOCK:
        if Shelf(scope, DATA_SOURCES).get(source["Id"]) is source:
            Shelf(scope, DATA_SOURCES).put(source["Id"], {**source, **found})


def update(scope: Scope, request: Members) -> Members:
    """UpdateDataSource."""
    with LOCK:
        before = existing(scope, NOUN, request["DataSourceId"])
        changed = _described_by(scope, request, before["Type"])
        if request.get("Credentials") is None:
            changed["Credentials"] = before["Credentials"]
        start(scope, {**before, **changed, "Status": "UPDATE_IN_PROGRESS"})
    return {
        "Arn": before["Arn"],
        "DataSourceId": before["Id"],
        "UpdateStatus": "UPDATE_IN_PROGRESS",
        "Status": 202,
    }


def described(source: Members) -> Members:
    """A data source without its password."""
    found: Members = {
        "Arn": source["Arn"],
        "DataSourceId": source["Id"],
        "Name": source["Name"],
        "Type": source["Type"],
        "Status": source["Status"],
        "CreatedTime": moment(source["CreatedTime"]),
        "LastUpdatedTime": moment(source["LastUpdatedTime"]),
        "DataSourceParameters": source["DataSourceParameters"],
    }
    for member in ("VpcConnectionProperties", "SslProperties", "ErrorInfo"):
        if source.get(member):
            found[member] = source[member]
    if arn := (source.get("Credentials") or {}).get("SecretArn"):
        found["SecretArn"] = arn
    return found


def describe(scope: Scope, request: Members) -> Members:
    """DescribeDataSource."""
    return {"DataSource": described(existing(scope, NOUN, request["DataSourceId"]))}


def list_all(scope: Scope, request: Members) -> Members:
    """ListDataSources."""
    some, more = page(request, Shelf(scope, DATA_SOURCES).all(), errors.bad_token())
    return {"DataSources": [described(one) for one in some], **more}


SUMMARY = ("Arn", "DataSourceId", "Name", "Type", "CreatedTime", "LastUpdatedTime")


def search(scope: Scope, request: Members) -> Members:
    """SearchDataSources."""
    found = searched(Shelf(scope, DATA_SOURCES).all(), request["Filters"], "DATASOURCE_NAME")
    some, more = page(request, found, errors.bad_token())
    shown = [described(one) for one in some]
    return {
        "DataSourceSummaries": [{name: one[name] for name in SUMMARY} for one in shown],
        **more,
    }


def delete(scope: Scope, request: Members) -> Members:
    """DeleteDataSource: data sets that use it stay, and fail."""
    source = existing(scope, NOUN, request["DataSourceId"])
    Shelf(scope, DATA_SOURCES).remove(source["Id"])
    return {"Arn": source["Arn"], "DataSourceId": source["Id"]}


def resume(scope: Scope) -> None:
    """Try again what the end of the emulator interrupted."""
    for source in Shelf(scope, DATA_SOURCES).all():
        if source["Status"].endswith("IN_PROGRESS"):
            start(scope, dict(source))


def of_arn(scope: Scope, arn: str) -> Any:
    """The data source of an ARN; nothing when it is gone."""
    prefix = scope.arn("quicksight", f"{NOUN}/")
    return Shelf(scope, DATA_SOURCES).get(arn.removeprefix(prefix))
