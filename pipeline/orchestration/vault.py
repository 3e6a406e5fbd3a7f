"""A Glacier vault as the place of backups, for accounts that have had one: AWS gives new customers
none since December 2025.

A vault lists its archives only after hours, so a small object in the backup bucket remembers each:
`vault/KEY/TAG-SIZE.json`. Bytes pass through this machine, in both directions by way of a file.
"""

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterator
from typing import Any

from botocore.exceptions import ClientError
from botocore.utils import calculate_tree_hash

from pipeline import aws
from pipeline.errors import BackupError
from pipeline.orchestration.archives import TIERS, Copy, Source, listed
from pipeline.orchestration.objects import read_json

FOLDER = "vault/"
CHUNK = 1024 * 1024
PART = 64 * CHUNK
CLOSED = "NoLongerSupportedException"


class VaultArchive:
    """One vault, and the objects of the backup bucket that remember its archives."""

    def __init__(self, bucket: str, vault: str) -> None:
        self._bucket = bucket
        self._vault = vault
        self._archives: dict[str, str] = {}
        self.name = f"vault:{vault}"
        self.terms = "Glacier charges 90 days at least, and 32 KB beside each archive"

    def create(self) -> None:
        """Make the vault; one that is there stays.

        Raises:
            BackupError: AWS gives this account none.
        """
        try:
            aws.client("glacier").create_vault(vaultName=self._vault)
        except ClientError as error:
            if error.response["Error"]["Code"] != CLOSED:
                raise
            raise BackupError(
                "AWS gives new customers no vault: leave --to out, which takes S3's GLACIER class."
            ) from error

    def held(self, prefix: str) -> set[str]:
        """The places of copies of what lies under a prefix."""
        return {item["Key"] for item in listed(self._bucket, FOLDER + prefix)}

    def place(self, source: Source) -> str:
        """The object that remembers the archive."""
        return f"{FOLDER}{source.key}/{source.etag}-{source.size}.json"

    def put(self, bucket: str, source: Source) -> Copy:
        """Upload an object as an archive, unless one is remembered."""
        place = self.place(source)
        known = read_json(self._bucket, place)
        if known is None:
            known = self._upload(bucket, source)
            body = json.dumps(known).encode()
            aws.client("s3").put_object(Bucket=self._bucket, Key=place, Body=body)
        return Copy(source, place, known["sha256"])

    def ask(self, copy: Copy, tier: str, days: int) -> None:
        """Start a job, unless one is under way or done; its output stays for a day."""
        archive = self._archive(copy)
        if not archive or archive in self._asked():
            return
        aws.client("glacier").initiate_job(
            vaultName=self._vault,
            jobParameters={
                "Type": "archive-retrieval",
                "ArchiveId": archive,
                "Tier": TIERS[tier],
                "Description": "pipeline restore",
            },
        )

    def ready(self, copies: Collection[Copy]) -> set[str]:
        """The places of copies whose job is done."""
        done = {"", *self._done()}
        return {copy.place for copy in copies if self._archive(copy) in done}

    def bring(self, copy: Copy, bucket: str) -> str:
        """Download a job's output and put it in the lake; S3 refuses what has another SHA-256."""
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            for chunk in self._output(self._archive(copy)):
                digest.update(chunk)
                file.write(chunk)
            if digest.hexdigest() != copy.sha256:
                return digest.hexdigest()
            file.seek(0)
            aws.client("s3").put_object(
                Bucket=bucket, Key=copy.source.key, Body=file, ChecksumAlgorithm="SHA256"
            )
        return digest.hexdigest()

    def _upload(self, bucket: str, source: Source) -> dict[str, str]:
        """Put an object's bytes into the vault; what is to be remembered of it."""
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            for chunk in self._read(bucket, source):
                digest.update(chunk)
                file.write(chunk)
            file.seek(0)
            # A vault takes no empty archive, and nothing is lost without it.
            archive = self._store(file, source) if source.size else ""
        return {"archive": archive, "sha256": digest.hexdigest()}

    def _read(self, bucket: str, source: Source) -> Iterator[bytes]:
        try:
            answer = aws.client("s3").get_object(Bucket=bucket, Key=source.key, IfMatch=source.etag)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"PreconditionFailed", "NoSuchKey"}:
                raise
            raise BackupError(f"{source.key} changed meanwhile: run it again.") from error
        yield from answer["Body"].iter_chunks(CHUNK)

    def _store(self, file: Any, source: Source) -> str:
        """One request for what fits into it, parts for the rest; the archive's identifier."""
        said = json.dumps(source.key)[:1024]
        glacier = aws.client("glacier")
        if source.size <= PART:
            answer = glacier.upload_archive(
                vaultName=self._vault, archiveDescription=said, body=file.read()
            )
            return str(answer["archiveId"])
        begun = glacier.initiate_multipart_upload(
            vaultName=self._vault, archiveDescription=said, partSize=str(PART)
        )
        for start in range(0, source.size, PART):
            part = file.read(PART)
            glacier.upload_multipart_part(
                vaultName=self._vault,
                uploadId=begun["uploadId"],
                range=f"bytes {start}-{start + len(part) - 1}/*",
                body=part,
            )
        file.seek(0)
        done = glacier.complete_multipart_upload(
            vaultName=self._vault,
            uploadId=begun["uploadId"],
            archiveSize=str(source.size),
            checksum=calculate_tree_hash(file),
        )
        return str(done["archiveId"])

    def _archive(self, copy: Copy) -> str:
        if copy.place not in self._archives:
            known = read_json(self._bucket, copy.place)
            if known is None:
                raise BackupError(f"Nobody remembers the archive of {copy.source.key} any more.")
            self._archives[copy.place] = str(known["archive"])
        return self._archives[copy.place]

    def _output(self, archive: str) -> Iterator[bytes]:
        if archive:
            answer = aws.client("glacier").get_job_output(
                vaultName=self._vault, jobId=self._done()[archive]
            )
            yield from answer["body"].iter_chunks(CHUNK)

    def _done(self) -> dict[str, str]:
        """The newest job that is done, by archive."""
        return {
            job["ArchiveId"]: job["JobId"]
            for job in self._jobs()
            if job["StatusCode"] == "Succeeded"
        }

    def _asked(self) -> set[str]:
        """The archives that a job brings or has brought."""
        return {job["ArchiveId"] for job in self._jobs() if job["StatusCode"] != "Failed"}

    def _jobs(self) -> Iterator[dict[str, Any]]:
        pages = aws.client("glacier").get_paginator("list_jobs")
        for page in pages.paginate(vaultName=self._vault):
            for job in page["JobList"]:
                if job["Action"] == "ArchiveRetrieval":
                    yield job
