"""Archives in parts: of one size, in any order, put together and checked at the end."""

import re
from contextlib import ExitStack
from pathlib import Path

from emulation.services.glacier import archives, lists, packing, tree_hash
from emulation.services.glacier.errors import invalid, missing, not_found
from emulation.services.glacier.store import LOCK, Members, Vault, moment, new_id, text
from emulation.services.glacier.tree_hash import MEGABYTE
from emulation.services.glacier.vaults import Call

ID_LENGTH = 92
LARGEST_PART = 4096 * MEGABYTE
MOST_PARTS = 10_000
RANGE = re.compile(r"(?:bytes )?(\d+)-(\d+)/\*")


def initiate(call: Call) -> Members:
    """Begin an upload."""
    asked = call.request.get("partSize")
    if asked is None:
        raise missing("x-amz-part-size")
    if not is_part_size(asked):
        raise invalid(
            f"Invalid part size: {asked}. Part size must be a power of two and be between "
            f"{MEGABYTE} and {LARGEST_PART} bytes."
        )
    description = archives.described(call.request.get("archiveDescription"))
    record = {
        "created": moment(),
        "description": description,
        "part_size": int(asked),
        "parts": {},
    }
    with LOCK:
        vault, upload = call.vault, new_id(ID_LENGTH)
        vault.path("uploads", upload, ".parts").mkdir()
        vault.put("uploads", upload, record)
    return {"location": call.location("multipart-uploads", upload), "uploadId": upload}


def is_part_size(asked: str) -> bool:
    """A megabyte times a power of two."""
    size = int(asked) if asked.isascii() and asked.isdigit() else 0
    return MEGABYTE <= size <= LARGEST_PART and size & (size - 1) == 0


def upload_part(call: Call) -> Members:
    """Store a part; the same range again replaces it."""
    vault, upload = call.vault, call.request["uploadId"]
    record = of(vault, upload)
    start, end = placed(call.request.get("range"), record["part_size"])
    path = part_path(vault, upload, start)
    arriving = path.with_name(f"{start}.{new_id(8)}")
    stream = packing.as_stream(call.request.get("body"))
    with ExitStack() as undo:
        undo.callback(arriving.unlink, missing_ok=True)
        received = packing.lay_down(tree_hash.megabytes(stream), arriving)
        if received.size != end - start:
            raise invalid(
                f"Content-Range: bytes {start}-{end - 1}/* is incompatible with Content-Length: "
                f"{received.size}"
            )
        received.check(call.headers.get("x-amz-content-sha256"), call.request.get("checksum"))
        with LOCK:
            record = of(vault, upload)
            if len(record["parts"]) >= MOST_PARTS and str(start) not in record["parts"]:
                raise invalid(f"Part limit exceeded: {MOST_PARTS}")
            arriving.replace(path)
            record["parts"][str(start)] = {"end": end, "tree_hash": received.tree_hash}
            vault.put("uploads", upload, record)
    return {"checksum": received.tree_hash}


def placed(given: str | None, part_size: int) -> tuple[int, int]:
    """First byte of a part, and the byte behind its last."""
    if given is None:
        raise missing("Content-Range")
    found = RANGE.fullmatch(given.strip())
    start, end = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
    if end <= start:
        raise invalid(f"Invalid Content-Range: {given}")
    if start % part_size or end - start > part_size:
        raise invalid(f"Content-Range: {given} is incompatible with Part-Size: {part_size}")
    return start, end


def complete(call: Call) -> Members:
    """Put the parts together, when they are all there and are what the client says."""
    vault, upload = call.vault, call.request["uploadId"]
    record = of(vault, upload)
    size, checksum = call.request.get("archiveSize"), call.request.get("checksum")
    if size is None:
        raise missing("x-amz-archive-size")
    if checksum is None:
        raise missing("x-amz-sha256-tree-hash")
    whole = check_parts(record)
    if size != str(whole):
        raise invalid(f"Invalid archive size: {size}. The uploaded parts are {whole} bytes")
    archive = new_id(archives.ID_LENGTH)
    path = vault.path("archives", archive, ".gz")
    with ExitStack() as undo:
        undo.callback(path.unlink, missing_ok=True)
        files = [part_path(vault, upload, start) for start in starts(record)]
        received = packing.pack(packing.of_files(files), path)
        received.check_tree(checksum)
        archives.add(vault, archive, received, record["description"])
        undo.pop_all()
    with LOCK:
        vault.remove("uploads", upload)
    return archives.answer(call, archive, received)


def check_parts(record: Members) -> int:
    """Whether the parts lie side by side from the first byte on; how many bytes they are."""
    at = 0
    found = starts(record)
    for start in found:
        if start != at:
            raise invalid(f"Part is missing: bytes {at}-{start - 1} of the archive")
        at = record["parts"][str(start)]["end"]
        if start != found[-1] and at - start != record["part_size"]:
            raise invalid(f"Part is too small: bytes {start}-{at - 1} of the archive")
    if not at:
        raise invalid("No parts have been uploaded")
    return at


def abort(call: Call) -> Members:
    """Forget an upload; one that is not there is no error."""
    with LOCK:
        call.vault.remove("uploads", call.request["uploadId"])
    return {}


def list_all(call: Call) -> Members:
    """The uploads of a vault that go on."""
    with LOCK:
        vault = call.vault
        items = sorted(vault.uploads.items(), key=lambda item: item[1]["created"])
    found, marker = lists.page(call.request, items, lambda item: item[0])
    return {"UploadsList": [described(vault, *item) for item in found], **marker}


def list_parts(call: Call) -> Members:
    """The parts of an upload, in the archive's order."""
    with LOCK:
        vault, upload = call.vault, call.request["uploadId"]
        record = of(vault, upload)
        places = starts(record)
        parts = dict(record["parts"])
    found, marker = lists.page(call.request, places, str)
    listed = [
        {
            "RangeInBytes": f"{start}-{parts[str(start)]['end'] - 1}",
            "SHA256TreeHash": parts[str(start)]["tree_hash"],
        }
        for start in found
    ]
    return {**described(vault, upload, record), "Parts": listed, **marker}


def described(vault: Vault, upload: str, record: Members) -> Members:
    """An upload as it is told."""
    return {
        "MultipartUploadId": upload,
        "VaultARN": vault.arn,
        "ArchiveDescription": record["description"] or None,
        "PartSizeInBytes": record["part_size"],
        "CreationDate": text(record["created"]),
    }


def of(vault: Vault, upload: str) -> Members:
    """An upload that goes on."""
    if upload not in vault.uploads:
        raise not_found("upload", upload)
    return vault.uploads[upload]


def starts(record: Members) -> list[int]:
    """Where the parts begin, in order."""
    return sorted(map(int, record["parts"]))


def part_path(vault: Vault, upload: str, start: int) -> Path:
    """The file of a part."""
    return vault.path("uploads", upload, ".parts") / str(start)
