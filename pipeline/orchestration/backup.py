"""`pipeline backup`: copy what lies under a prefix of the lake to where it is cheap to keep.

What is copied is only what is not there yet, so a second backup costs what has changed, and one
that was interrupted goes on. The manifest, with the SHA-256 of everything, is written last.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress

from pipeline.errors import BackupError, SettingError
from pipeline.orchestration import manifests
from pipeline.orchestration.archives import CLASSES, Archive, ClassArchive, Source, sources
from pipeline.orchestration.confirm import confirm
from pipeline.orchestration.display import console, show_rows
from pipeline.orchestration.manifests import Manifest
from pipeline.orchestration.run import Run
from pipeline.orchestration.vault import VaultArchive

WORKERS = 8
VAULT = "vault"
PLACES = (*CLASSES, VAULT)
DEFAULT_PREFIX = "processed/"
GIGA = 1e9


@dataclass(frozen=True)
class Plan:
    """What a backup would do: everything that is to be there, and what of it is not yet."""

    prefix: str
    everything: Sequence[Source]
    missing: Sequence[Source]

    def tell(self, archive: Archive) -> str:
        """In words, with what it costs."""
        size = sum(source.size for source in self.missing)
        return (
            f"{self.prefix}: {amount(self.everything)}.\nTo be copied: {len(self.missing):,},"
            f" {size / GIGA:.3f} GB in {len(self.missing):,} requests; {archive.terms}."
        )


def check_prefix(prefix: str) -> str:
    """A prefix that ends where a folder does: half a name is a slip.

    Raises:
        SettingError: it is none.
    """
    if not prefix.endswith("/") or prefix.startswith("/"):
        raise SettingError(f"--prefix must be a folder of the lake such as raw/, not {prefix!r}.")
    return prefix


def archive_of(run: Run, name: str) -> Archive:
    """The place that a command line or a manifest names."""
    bucket = run.output("BackupBucket")
    if name in CLASSES or name in CLASSES.values():
        return ClassArchive(bucket, CLASSES.get(name, name))
    return VaultArchive(bucket, name.removeprefix(f"{VAULT}:"))


def plan(lake: str, prefix: str, archive: Archive) -> Plan:
    """What is to be done.

    Raises:
        BackupError: there is nothing under the prefix.
    """
    everything = sources(lake, prefix)
    if not everything:
        raise BackupError(f"There is nothing under {prefix} of {lake}.")
    held = archive.held(prefix)
    missing = [source for source in everything if archive.place(source) not in held]
    return Plan(prefix, everything, missing)


def back_up(run: Run, prefix: str, place: str, *, yes: bool) -> Manifest:
    """Copy what is missing and write the manifest; the same again is the last backup."""
    run.deployer.learn("storage")
    lake, bucket = run.output("LakeBucket"), run.output("BackupBucket")
    name = f"{VAULT}:{run.settings.name}-backup" if place == VAULT else place
    archive = archive_of(run, name)
    planned = plan(lake, check_prefix(prefix), archive)
    console.print(planned.tell(archive), markup=False)
    if planned.missing:
        confirm(f"Back up {prefix}?", run.settings, (), yes=yes)
    if isinstance(archive, VaultArchive):
        archive.create()
    copies = in_parallel(planned.everything, lambda source: archive.put(lake, source), "copied")
    made = Manifest(manifests.new_id(), prefix, archive.name, copies)
    last = manifests.newest(bucket, prefix)
    if last and last.contents == made.contents:
        console.print(f"nothing has changed since backup {last.id}")
        return last
    made.write(bucket)
    console.print(f"backup {made.id}: {amount(planned.everything)} in {archive.name}")
    return made


def in_parallel[Item, Done](
    items: Sequence[Item], work: Callable[[Item], Done], told: str
) -> list[Done]:
    """The work on each item, in their order, with a bar; the first that fails ends it."""
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console) as bar, ThreadPoolExecutor(WORKERS) as workers:
        task = bar.add_task(told, total=len(items))
        begun = [workers.submit(work, item) for item in items]
        try:
            for done in as_completed(begun):
                done.result()
                bar.advance(task)
        finally:
            workers.shutdown(cancel_futures=True)
    return [done.result() for done in begun]


def show_backups(run: Run, prefix: str) -> None:
    """The backups of a prefix."""
    run.deployer.learn("storage")
    bucket = run.output("BackupBucket")
    found = [manifests.read(bucket, prefix, name) for name in manifests.ids(bucket, prefix)]
    if not found:
        console.print(f"there is no backup of {escape(prefix)}")
        return
    rows = [(it.id, it.archive, len(it.copies), f"{it.bytes / GIGA:.3f}") for it in found]
    show_rows(("backup", "in", "objects", "GB"), rows)


def amount(of: Sequence[Source]) -> str:
    """How much that is, in words."""
    return f"{len(of):,} objects, {sum(source.size for source in of) / GIGA:.3f} GB"
