"""GetJobOutput: the bytes of a job that is done, or a range of them."""

import re

from localstack.http import Response

from emulation.services.glacier import jobs, tree_hash
from emulation.services.glacier.errors import invalid
from emulation.services.glacier.packing import FileRange
from emulation.services.glacier.store import Members
from emulation.services.glacier.vaults import Call

RANGE = re.compile(r"bytes=(\d+)-(\d*)")
KINDS = {"JSON": "application/json", "CSV": "text/csv"}


def get(call: Call) -> Response:
    """The output, with its length: whoever reads it shall know whether it is whole."""
    vault, job = call.vault, call.request["jobId"]
    record = jobs.of(vault, job)
    path = vault.path("jobs", job, ".out")
    if not record.get("completed") or record.get("failed"):
        raise invalid(f"The job is not currently available for download: {job}")
    size = path.stat().st_size
    start, end = ranged(call.request.get("range"), size)
    partial = call.request.get("range") is not None
    headers = {"Content-Length": str(end - start), "Accept-Ranges": "bytes"}
    if partial:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    content = FileRange(path, start, end)
    headers |= of_archive(record, content)
    kind = KINDS.get(record.get("form", ""), "application/octet-stream")
    return Response(content, 206 if partial else 200, headers, content_type=kind)


def ranged(asked: str | None, size: int) -> tuple[int, int]:
    """The first byte that is wanted, and the one behind the last."""
    if asked is None:
        return 0, size
    found = RANGE.fullmatch(asked)
    start = int(found[1]) if found else size
    end = min(int(found[2]) + 1, size) if found and found[2] else size
    if start >= end:
        raise invalid(f"Invalid range: {asked}")
    return start, end


def of_archive(record: Members, content: FileRange) -> dict[str, str]:
    """The headers of an archive's bytes; their tree hash when they have one of their own."""
    if record["action"] != jobs.ARCHIVE:
        return {}
    headers = {}
    if record["archive_description"]:
        headers["x-amz-archive-description"] = record["archive_description"]
    first = record["range"][0]
    start, end = first + content.start, first + content.end
    if record["range_hash"] and tree_hash.is_aligned(start, end, record["size"]):
        headers["x-amz-sha256-tree-hash"] = tree_hash.root(tree_hash.leaves(content))
    return headers
