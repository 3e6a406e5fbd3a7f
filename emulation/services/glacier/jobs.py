"""Jobs: an archive or an inventory is asked for, comes after its time, and stays for a day.

AWS's durations at their upper ends, divided by the setting for the speed of archives. The bytes
come out of the archive when the time is over. A job that a restart finds under way goes on.
"""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulation.services.clock import after, agenda
from emulation.services.glacier import inventories, lists, packing, retrieval_policies, tree_hash
from emulation.services.glacier.archives import described as check_description
from emulation.services.glacier.errors import invalid, missing, not_found
from emulation.services.glacier.store import (
    LOCK,
    Members,
    Vault,
    moment,
    new_id,
    shelf,
    shelves,
    text,
)
from emulation.services.glacier.tree_hash import MEGABYTE
from emulation.services.glacier.vaults import Call

LOG = logging.getLogger(__name__)

ID_LENGTH = 92
DURATIONS = {
    "Expedited": timedelta(minutes=5),
    "Standard": timedelta(hours=5),
    "Bulk": timedelta(hours=12),
}
KEPT = timedelta(hours=24)
RANGE = re.compile(r"(\d+)-(\d+)")
ARCHIVE, INVENTORY = "ArchiveRetrieval", "InventoryRetrieval"
STATUSES = {"InProgress", "Succeeded", "Failed"}


def initiate(call: Call) -> Members:
    """Ask for an archive or an inventory."""
    asked = call.request.get("jobParameters") or {}
    with LOCK:
        vault = call.vault
        match asked.get("Type"):
            case "archive-retrieval":
                record = of_archive(vault, asked)
            case "inventory-retrieval":
                record = of_inventory(asked)
            case "select":
                raise NotImplementedError("glacier.InitiateJob with Type select is not emulated")
            case None:
                raise missing("Type")
            case other:
                raise invalid(f"Invalid job type: {other}")
        record |= {
            "description": check_description(asked.get("Description")) or None,
            "topic": asked.get("SNSTopic"),
            "created": moment(),
            "due": after(DURATIONS[record["tier"]]).timestamp(),
        }
        job = new_id(ID_LENGTH)
        vault.put("jobs", job, record)
        plan(vault, job)
    return {"location": call.location("jobs", job), "jobId": job}


def of_archive(vault: Vault, asked: Members) -> Members:
    """The record of a retrieval of an archive."""
    archive = asked.get("ArchiveId")
    if not archive:
        raise missing("ArchiveId")
    if archive not in vault.archives:
        raise not_found("archive", archive)
    if asked.get("InventoryRetrievalParameters") or asked.get("Format"):
        raise invalid("Inventory parameters go with a job of type inventory-retrieval")
    tier = asked.get("Tier") or "Standard"
    if tier not in DURATIONS:
        raise invalid(f"Invalid tier: {tier}")
    stored = vault.archives[archive]
    start, end = aligned(asked.get("RetrievalByteRange"), stored["size"])
    if tier == "Standard":
        retrieval_policies.check(shelf(vault.scope), end - start)
    return {
        "action": ARCHIVE,
        "archive": archive,
        "size": stored["size"],
        "tree_hash": stored["tree_hash"],
        "archive_description": stored["description"],
        "range": [start, end],
        "tier": tier,
    }


def aligned(asked: str | None, size: int) -> tuple[int, int]:
    """The bytes of a range, which begins and ends at megabytes."""
    if not asked:
        return 0, size
    found = RANGE.fullmatch(asked)
    start, end = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
    if not start < end <= size or start % MEGABYTE or (end % MEGABYTE and end != size):
        raise invalid(f"Invalid retrieval byte range: {asked}. It must be megabyte aligned")
    return start, end


def of_inventory(asked: Members) -> Members:
    """The record of a retrieval of an inventory."""
    if asked.get("ArchiveId") or asked.get("RetrievalByteRange"):
        raise invalid("ArchiveId and RetrievalByteRange go with a job of type archive-retrieval")
    form = asked.get("Format") or "JSON"
    if form not in {"JSON", "CSV"}:
        raise invalid(f"Invalid output format: {form}")
    wanted = inventories.check(asked.get("InventoryRetrievalParameters") or {})
    return {"action": INVENTORY, "wanted": wanted, "form": form, "tier": "Standard"}


def plan(vault: Vault, job: str) -> None:
    """Do at its time what is next for a job."""
    record = vault.jobs[job]
    work = expire if record.get("completed") else finish
    at = record["expires"] if record.get("completed") else record["due"]
    agenda().put(
        ("glacier job", vault.arn, job),
        datetime.fromtimestamp(at, UTC),
        partial(work, vault, job),
    )
    agenda().start()


def plan_all() -> None:
    """Go on with the jobs of the last run."""
    for found in shelves():
        for vault in found.vaults.values():
            for job in list(vault.jobs):
                plan(vault, job)


def finish(vault: Vault, job: str, at: datetime) -> None:
    """Bring the output, and tell of it."""
    record = vault.jobs.get(job)
    if record is None:
        return
    path = vault.path("jobs", job, ".out")
    if record["action"] == INVENTORY:
        with LOCK:
            body, following = inventories.written(vault, record["wanted"], record["form"])
        path.write_bytes(body)
        record |= {"output_size": len(body), "following": following, "failed": None}
    else:
        record |= retrieve(vault, record, path)
    record |= {"completed": at.timestamp(), "expires": (at + KEPT).timestamp()}
    with LOCK:
        if job in vault.jobs:
            vault.put("jobs", job, record)
            plan(vault, job)
    tell(vault, job)


def retrieve(vault: Vault, record: Members, path: Any) -> Members:
    """Unpack a range of an archive; an archive that was deleted meanwhile fails the job."""
    start, end = record["range"]
    packed = vault.path("archives", record["archive"], ".gz")
    if record["archive"] not in vault.archives:
        return {"failed": "The archive was deleted before it was retrieved."}
    try:
        received = packing.lay_down(packing.unpacked(packed, start, end), path)
    except (OSError, EOFError) as error:
        LOG.warning("an archive cannot be read: %s", error)
        return {"failed": "The archive is damaged."}
    if end - start == record["size"] and received.tree_hash != record["tree_hash"]:
        return {"failed": "The archive is damaged."}
    whole = tree_hash.is_aligned(start, end, record["size"])
    return {"failed": None, "range_hash": received.tree_hash if whole else None}


def expire(vault: Vault, job: str, _: datetime) -> None:
    """Forget a job and its output."""
    with LOCK:
        vault.remove("jobs", job)


def describe(call: Call) -> Members:
    """One job."""
    vault, job = call.vault, call.request["jobId"]
    return described(vault, job, of(vault, job))


def list_all(call: Call) -> Members:
    """The jobs of a vault, the newest first."""
    status, completed = call.request.get("statuscode"), call.request.get("completed")
    if status and status not in STATUSES:
        raise invalid(f"Invalid status code: {status}")
    if completed not in {None, "true", "false"}:
        raise invalid(f"Invalid completed parameter: {completed}")
    with LOCK:
        vault = call.vault
        found = sorted(vault.jobs.items(), key=lambda item: -item[1]["created"])
    told = [described(vault, *item) for item in found]
    told = [
        item
        for item in told
        if (not status or item["StatusCode"] == status)
        and (completed is None or item["Completed"] == (completed == "true"))
    ]
    page, marker = lists.page(call.request, told, lambda item: str(item["JobId"]))
    return {"JobList": page, **marker}


def described(vault: Vault, job: str, record: Members) -> Members:
    """A job as it is told, here and in notifications."""
    done = bool(record.get("completed"))
    failed = record.get("failed")
    status = "Failed" if failed else "Succeeded" if done else "InProgress"
    common = {
        "JobId": job,
        "JobDescription": record["description"],
        "Action": record["action"],
        "VaultARN": vault.arn,
        "CreationDate": text(record["created"]),
        "Completed": done,
        "CompletionDate": text(record["completed"]) if done else None,
        "StatusCode": status,
        "StatusMessage": failed or ("Succeeded" if done else "Operation in progress."),
        "SNSTopic": record["topic"],
    }
    return common | (of_its_inventory if record["action"] == INVENTORY else of_its_archive)(record)


def of_its_archive(record: Members) -> Members:
    """What only the retrieval of an archive tells."""
    start, end = record["range"]
    whole = end - start == record["size"]
    return {
        "ArchiveId": record["archive"],
        "ArchiveSizeInBytes": record["size"],
        "ArchiveSHA256TreeHash": record["tree_hash"],
        "SHA256TreeHash": record["tree_hash"] if whole else record.get("range_hash"),
        "RetrievalByteRange": f"{start}-{end - 1}",
        "Tier": record["tier"],
    }


def of_its_inventory(record: Members) -> Members:
    """What only the retrieval of an inventory tells."""
    parameters = {name: record["wanted"].get(name) for name in ("StartDate", "EndDate", "Limit")}
    parameters |= {"Format": record["form"], "Marker": record.get("following")}
    return {
        "InventorySizeInBytes": record.get("output_size"),
        "InventoryRetrievalParameters": parameters,
    }


def of(vault: Vault, job: str) -> Members:
    """A job that is there."""
    if job not in vault.jobs:
        raise not_found("job", job)
    return vault.jobs[job]


def tell(vault: Vault, job: str) -> None:
    """Tell the job's topic and the vault's of a job that is done."""
    told = described(vault, job, vault.jobs[job])
    wanted = vault.record.get("notifications") or {}
    topics = [told["SNSTopic"]]
    if f"{told['Action']}Completed" in wanted.get("Events", ()):
        topics.append(wanted["SNSTopic"])
    for topic in filter(None, topics):
        try:
            vault.scope.client("sns").publish(TopicArn=topic, Message=json.dumps(told))
        except (ClientError, BotoCoreError) as error:
            LOG.warning("%s is not told of job %s: %s", topic, job, error)
