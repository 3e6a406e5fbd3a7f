"""`pipeline restore`: bring a backup out of the archive and back into its place in the lake.

AWS takes hours to make archived copies readable. Each is brought as soon as it is, and compared by
its SHA-256. All that is known of how far a restore is stands in AWS: interrupted, run it again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError
from rich.progress import MofNCompleteColumn, Progress

from pipeline import aws
from pipeline.errors import BackupError, LateError
from pipeline.orchestration import manifests
from pipeline.orchestration.archives import Archive, Copy, hexadecimal, sources
from pipeline.orchestration.backup import GIGA, amount, archive_of, check_prefix, in_parallel
from pipeline.orchestration.confirm import confirm
from pipeline.orchestration.display import console
from pipeline.orchestration.manifests import Manifest
from pipeline.orchestration.run import Run
from pipeline.polling import polls

HOURS = {
    "GLACIER": {
        "expedited": "1-5 minutes",
        "standard": "3-5 hours, or 12 for copies that have aged into DEEP_ARCHIVE",
        "bulk": "5-12 hours, or 48 for copies that have aged into DEEP_ARCHIVE",
    },
    "DEEP_ARCHIVE": {"standard": "up to 12 hours", "bulk": "up to 48 hours"},
    "vault": {"expedited": "1-5 minutes", "standard": "3-5 hours", "bulk": "5-12 hours"},
}
"""What AWS says of its tiers."""
LONGEST = 60 * 3600.0
"""Longer than AWS's slowest tier, in s."""
LONGEST_PAUSE = 30.0
KEPT_DAYS = 2
"""Restored copies stay so long beside the archive: for an interruption over night."""
SHOWN = 3


@dataclass(frozen=True)
class Options:
    """What the operator wants."""

    prefix: str
    backup: str = ""
    tier: str = "standard"
    overwrite: bool = False
    yes: bool = False


@dataclass(frozen=True)
class Compared:
    """The copies of a backup by what is in their place now."""

    there: Sequence[Copy]
    absent: Sequence[Copy]
    different: Sequence[Copy]


def restore(run: Run, options: Options) -> Manifest:
    """Bring back what is not there, and verify it.

    Raises:
        BackupError: something else is in its place, or what comes back is not what was kept.
    """
    run.deployer.learn("storage")
    lake, bucket = run.output("LakeBucket"), run.output("BackupBucket")
    manifest = manifests.read(bucket, check_prefix(options.prefix), options.backup)
    found = compare(manifest, lake)
    wanted = [*found.absent, *(found.different if options.overwrite else ())]
    refuse(found, options)
    console.print(told(manifest, found, wanted, options), markup=False)
    if not wanted:
        return manifest
    confirm(f"Restore {manifest.prefix}?", run.settings, (), yes=options.yes)
    archive = archive_of(run, manifest.archive)
    readable = archive.ready(wanted)
    asked = [copy for copy in wanted if copy.place not in readable]
    in_parallel(asked, lambda copy: archive.ask(copy, options.tier, KEPT_DAYS), "asked for")
    bring_all(archive, wanted, lake)
    again = compare(manifest, lake)
    if len(again.there) != len(manifest.copies):
        raise BackupError(f"{named([*again.absent, *again.different])} changed meanwhile.")
    console.print(f"{len(wanted):,} objects restored; all of {manifest.id} equal by SHA-256")
    return manifest


def compare(manifest: Manifest, lake: str) -> Compared:
    """What of a backup is in the lake: the same tag is the same content, else the SHA-256 tells."""
    now = {source.key: source for source in sources(lake, manifest.prefix)}
    there, absent, different = [], [], []
    for copy in manifest.copies:
        found = now.get(copy.source.key)
        if found is None:
            absent.append(copy)
        elif found == copy.source or has_sha256(lake, copy):
            there.append(copy)
        else:
            different.append(copy)
    return Compared(there, absent, different)


def has_sha256(lake: str, copy: Copy) -> bool:
    """Whether S3 knows an object's SHA-256, and it is the copy's: that of one restored before."""
    try:
        found = aws.client("s3").head_object(
            Bucket=lake, Key=copy.source.key, ChecksumMode="ENABLED"
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    checksum = found.get("ChecksumSHA256", "")
    return "-" not in checksum and hexadecimal(checksum) == copy.sha256


def refuse(found: Compared, options: Options) -> None:
    """Overwrite nothing that nobody said may be overwritten."""
    if found.different and not options.overwrite:
        raise BackupError(
            f"{named(found.different)} differ from the backup: --overwrite puts it in their place."
        )


def told(manifest: Manifest, found: Compared, wanted: Sequence[Copy], options: Options) -> str:
    """What will be done, in words, with what it costs."""
    size = sum(copy.source.size for copy in wanted)
    takes = HOURS[manifest.archive.split(":")[0]].get(options.tier, "what AWS refuses")
    return (
        f"backup {manifest.id} of {manifest.prefix}: "
        f"{amount([copy.source for copy in manifest.copies])}, {len(found.there):,} are in place.\n"
        f"To be restored: {len(wanted):,}, {size / GIGA:.3f} GB out of {manifest.archive} in"
        f" {2 * len(wanted):,} requests; on AWS this takes {takes} ({options.tier})."
    )


def bring_all(archive: Archive, wanted: Sequence[Copy], lake: str) -> None:
    """Bring each copy when it is readable."""
    waiting = {copy.place: copy for copy in wanted}
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    started = time.monotonic()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("restored", total=len(wanted))
        for _ in polls(LONGEST, LONGEST_PAUSE):
            for place in archive.ready(list(waiting.values())):
                bring(archive, waiting.pop(place), lake)
                bar.advance(task)
            if not waiting:
                return
    hours = (time.monotonic() - started) / 3600
    raise LateError(f"{len(waiting):,} copies are not readable after {hours:.0f} hours.")


def bring(archive: Archive, copy: Copy, lake: str) -> None:
    """Bring one copy and compare it.

    Raises:
        BackupError: it is another content.
    """
    sha256 = archive.bring(copy, lake)
    if sha256 != copy.sha256:
        raise BackupError(
            f"{copy.source.key} came back as other bytes (SHA-256 {sha256}, not {copy.sha256}):"
            " restore another backup."
        )


def named(copies: Sequence[Copy]) -> str:
    """A few of many objects by name."""
    first = ", ".join(copy.source.key for copy in copies[:SHOWN])
    more = f" and {len(copies) - SHOWN:,} more" if len(copies) > SHOWN else ""
    return first + more
