"""Archives: bytes that come in one request, are checked against their hashes, and never change."""

from contextlib import ExitStack

from emulation.services.glacier import locks, packing, tree_hash
from emulation.services.glacier.errors import invalid, not_found
from emulation.services.glacier.packing import Received
from emulation.services.glacier.store import LOCK, Members, Vault, moment, new_id
from emulation.services.glacier.vaults import Call

ID_LENGTH = 138
LONGEST_DESCRIPTION = 1024


def upload(call: Call) -> Members:
    """Store an archive."""
    vault, archive = call.vault, new_id(ID_LENGTH)
    description = described(call.request.get("archiveDescription"))
    path = vault.path("archives", archive, ".gz")
    stream = packing.as_stream(call.request.get("body"))
    with ExitStack() as undo:
        undo.callback(path.unlink, missing_ok=True)
        received = packing.pack(tree_hash.megabytes(stream), path)
        if not received.size:
            raise invalid("Invalid content length: 0")
        received.check(call.headers.get("x-amz-content-sha256"), call.request.get("checksum"))
        add(vault, archive, received, description)
        undo.pop_all()
    return answer(call, archive, received)


def add(vault: Vault, archive: str, received: Received, description: str) -> None:
    """Make stored bytes an archive."""
    record = {
        "created": moment(),
        "description": description,
        "size": received.size,
        "tree_hash": received.tree_hash,
    }
    with LOCK:
        vault.put("archives", archive, record)
        vault.changed()


def answer(call: Call, archive: str, received: Received) -> Members:
    """What is told of a new archive."""
    return {
        "location": call.location("archives", archive),
        "checksum": received.tree_hash,
        "archiveId": archive,
    }


def delete(call: Call) -> Members:
    """Delete an archive, unless a vault lock keeps it; one that was deleted is no error."""
    archive = call.request["archiveId"]
    with LOCK:
        vault = call.vault
        record = vault.archives.get(archive)
        if record is None and archive not in vault.record.get("deleted", ()):
            raise not_found("archive", archive)
        if record is not None:
            locks.check_delete(vault, record)
            vault.record.setdefault("deleted", []).append(archive)
            vault.changed()
            vault.remove("archives", archive)
    return {}


def described(description: str | None) -> str:
    """A description: printable ASCII."""
    description = description or ""
    if len(description) > LONGEST_DESCRIPTION or not (
        description.isascii() and (not description or description.isprintable())
    ):
        raise invalid(f"Invalid archive description: {description}")
    return description
