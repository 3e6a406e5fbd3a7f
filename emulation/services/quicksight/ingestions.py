"""Ingestions: the data of a data set, read from its sources and written as its copy in SPICE.

The copy of the last ingestion serves until the next one has completed. Ingestions of one data set
follow each other.
"""

import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import duckdb

from emulation.compute.visuals import spice
from emulation.compute.visuals.errors import DataError, VisualError
from emulation.compute.warehouse.objects import ObjectStoreError
from emulation.services.events.clock import CLOCK
from emulation.services.paging import page
from emulation.services.quicksight import errors
from emulation.services.quicksight.copies import copies_folder
from emulation.services.quicksight.planning import Planner, SourceError, staging
from emulation.services.quicksight.sharing import existing
from emulation.services.quicksight.store import DATA_SETS, INGESTIONS, LOCK, Members, Shelf
from emulation.services.quicksight.times import moment
from emulation.services.quicksight.warehouses import COPIES, session_at
from emulation.services.quicksight.work import submit
from emulation.services.scope import Scope

ACTIVE = {"INITIALIZED", "QUEUED", "RUNNING"}
INTERRUPTED = {
    "Type": "INTERNAL_SERVICE_ERROR",
    "Message": "The emulator stopped while the ingestion ran.",
}


@dataclass
class Running:
    """What can be stopped."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    connection: Any = None

    def check(self) -> None:
        """Go no further when it is cancelled.

        Raises:
            InterruptException: it is.
        """
        if self.cancelled.is_set():
            raise duckdb.InterruptException("cancelled")


RUNNING: dict[str, Running] = {}
"""What runs or waits, by ARN."""
TURNS: dict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held by the ingestion of a data set that runs, by the data set's ARN."""


def create(scope: Scope, request: Members) -> Members:
    """CreateIngestion."""
    data_set = existing(scope, "dataset", request["DataSetId"])
    if request.get("IngestionType") == "INCREMENTAL_REFRESH":
        raise NotImplementedError("quicksight incremental refreshes are not emulated")
    if data_set["ImportMode"] != "SPICE":
        raise errors.invalid(f"Data set {data_set['Id']} is not in SPICE.")
    with LOCK:
        if Shelf(scope, INGESTIONS).get(f"{data_set['Id']}/{request['IngestionId']}"):
            raise errors.exists("INGESTION", request["IngestionId"])
        made = start(scope, data_set, request["IngestionId"], "FULL_REFRESH")
    return {
        "Arn": made["Arn"],
        "IngestionId": made["Id"],
        "IngestionStatus": made["Status"],
        "Status": 201,
    }


def start(scope: Scope, data_set: Members, name: str, why: str, source: str = "MANUAL") -> Members:
    """Queue an ingestion."""
    made: Members = {
        "Id": name,
        "DataSetId": data_set["Id"],
        "Arn": f"{data_set['Arn']}/ingestion/{name}",
        "Status": "INITIALIZED",
        "CreatedTime": time.time(),
        "RequestSource": source,
        "RequestType": why,
    }
    Shelf(scope, INGESTIONS).put(f"{data_set['Id']}/{name}", made)
    RUNNING[made["Arn"]] = Running()
    submit(partial(_run, scope, made))
    return made


def _note(scope: Scope, made: Members, **changes: Any) -> Members:
    changed = {**made, **changes}
    with LOCK:
        shelf = Shelf(scope, INGESTIONS)
        if shelf.get(f"{made['DataSetId']}/{made['Id']}") is not None:
            shelf.put(f"{made['DataSetId']}/{made['Id']}", changed)
    return changed


def _run(scope: Scope, made: Members) -> None:
    running = RUNNING[made["Arn"]]
    made = _note(scope, made, Status="QUEUED")
    with TURNS[made["Arn"].split("/ingestion/")[0]]:
        began = time.time()
        try:
            running.check()
            made = _note(scope, made, Status="RUNNING")
            found = _copied(scope, made, running)
        except duckdb.InterruptException:
            found = {"Status": "CANCELLED"}
        except (VisualError, ObjectStoreError, NotImplementedError) as error:
            told = {"Type": error_type(error), "Message": str(error)}
            found = {"Status": "FAILED", "ErrorInfo": told}
        finally:
            RUNNING.pop(made["Arn"], None)
    if running.cancelled.is_set() and found["Status"] == "FAILED":
        found = {"Status": "CANCELLED"}
    _note(scope, made, Seconds=max(1, round(time.time() - began)), **found)


def error_type(error: Exception) -> str:
    """AWS's type of what went wrong."""
    text = str(error)
    if isinstance(error, SourceError):
        return error.type
    if isinstance(error, ObjectStoreError):
        return "S3_FILE_INACCESSIBLE"
    if "relation" in text and "does not exist" in text:
        return "SQL_TABLE_NOT_FOUND"
    if "column" in text and "does not exist" in text:
        return "SQL_SCHEMA_MISMATCH_ERROR"
    return "SQL_EXCEPTION" if isinstance(error, DataError) else "INVALID_DATAPREP_SYNTAX"


def _copied(scope: Scope, made: Members, running: Running) -> Members:
    """Write the copy, and make it the one that is read."""
    data_set = Shelf(scope, DATA_SETS).get(made["DataSetId"])
    if data_set is None:
        raise SourceError("DATA_SET_DELETED", "The data set was deleted.")
    folder = copies_folder(scope, data_set["Id"])
    path = folder / f"{made['Id']}.parquet"
    with ExitStack() as stack:
        planner = Planner(scope, staging(stack))
        place, relation = planner.planned(data_set)
        if place == COPIES:
            running.connection = stack.enter_context(spice.connection())
        else:
            running.connection = stack.enter_context(session_at(scope, place)).connection
        running.check()
        rows = spice.write(running.connection, relation.sql, path)
        dropped = planner.rows_dropped(running.connection)
        running.connection = None
    with LOCK:
        now = Shelf(scope, DATA_SETS).get(data_set["Id"])
        if now is None or now["OutputColumns"] != data_set["OutputColumns"]:
            path.unlink(missing_ok=True)
            raise SourceError("INGESTION_SUPERSEDED", "The data set was changed meanwhile.")
        Shelf(scope, DATA_SETS).put(now["Id"], {**now, "Copy": made["Id"]})
    for other in folder.glob("*.parquet"):
        if other != path:
            other.unlink()
    info = {"RowsIngested": rows, "RowsDropped": dropped, "TotalRowsInDataset": rows}
    return {"Status": "COMPLETED", "RowInfo": info, "Size": path.stat().st_size}


def described(made: Members) -> Members:
    """An ingestion as the API answers it."""
    found: Members = {
        "Arn": made["Arn"],
        "IngestionId": made["Id"],
        "IngestionStatus": made["Status"],
        "CreatedTime": moment(made["CreatedTime"]),
        "RequestSource": made["RequestSource"],
        "RequestType": made["RequestType"],
    }
    names = {"ErrorInfo": "ErrorInfo", "RowInfo": "RowInfo", "Size": "IngestionSizeInBytes"}
    names |= {"Seconds": "IngestionTimeInSeconds"}
    return found | {name: made[own] for own, name in names.items() if own in made}


def _existing(scope: Scope, request: Members) -> Members:
    existing(scope, "dataset", request["DataSetId"])
    name = f"{request['DataSetId']}/{request['IngestionId']}"
    found = Shelf(scope, INGESTIONS).get(name)
    if found is None:
        raise errors.not_found("INGESTION", request["IngestionId"])
    return found


def describe(scope: Scope, request: Members) -> Members:
    """DescribeIngestion."""
    return {"Ingestion": described(_existing(scope, request))}


def list_all(scope: Scope, request: Members) -> Members:
    """ListIngestions, the newest first."""
    existing(scope, "dataset", request["DataSetId"])
    own = [
        one for one in Shelf(scope, INGESTIONS).all() if one["DataSetId"] == request["DataSetId"]
    ]
    own.sort(key=lambda one: one["CreatedTime"], reverse=True)
    some, more = page(request, own, errors.bad_token())
    return {"Ingestions": [described(one) for one in some], **more}


def cancel(scope: Scope, request: Members) -> Members:
    """CancelIngestion."""
    made = _existing(scope, request)
    if made["Status"] not in ACTIVE:
        raise errors.invalid(f"Ingestion {made['Id']} is {made['Status']} and cannot be cancelled.")
    forget(made)
    return {"Arn": made["Arn"], "IngestionId": made["Id"]}


def forget(made: Members) -> None:
    """Stop an ingestion, or a schedule of ingestions."""
    CLOCK.cancel(made["Arn"])
    running = RUNNING.get(made["Arn"])
    if running is not None:
        running.cancelled.set()
        if running.connection is not None:
            running.connection.interrupt()


def resume(scope: Scope) -> None:
    """End what the end of the emulator interrupted."""
    for made in Shelf(scope, INGESTIONS).all():
        if made["Status"] in ACTIVE and made["Arn"] not in RUNNING:
            _note(scope, made, Status="FAILED", ErrorInfo=INTERRUPTED)
