"""`python -m emulation.compute.spark_setup`: fetch the jars that are missing - Spark's way to S3,
DynamoDB's engine - and with `--archive` make the archive of classes. It takes half a minute of both
cores: it pays from the fourth job on.

Safe to run again at any time, and after an interruption; what is there is left alone.
"""

import logging
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from emulation.compute import dynamodb, maven, spark, spark_jars
from emulation.compute.processes import Process, Status

SAMPLE = Path(__file__).with_name("spark_sample.py")
NOBODY = "http://127.0.0.1:9"
"""Nobody listens there: the sample's requests fail at once, after the classes that make them are
loaded.
"""

LOG = logging.getLogger(__name__)


def fetch_jars(java: Path, progress: Progress) -> None:
    """Fetch what is missing."""
    wanted = {
        "Spark's way to S3: jars": (spark_jars.locked(), spark_jars.jars_folder()),
        "DynamoDB: jars": (dynamodb.locked(), dynamodb.jars_folder()),
    }
    for name, (artifacts, folder) in wanted.items():
        missing = maven.missing(artifacts, folder)
        task = progress.add_task(name, total=len(missing))
        if missing:
            maven.fetch(missing, folder, java, partial(progress.advance, task))
        progress.update(task, total=1, completed=1)


def make_archive(java: Path, progress: Progress, environment: dict[str, str]) -> Status:
    """Run a small job that uses what jobs use, and have Java keep the classes that it loaded."""
    archive = spark_jars.archive(java)
    task = progress.add_task("Spark's archive of classes", total=None)
    if archive.exists():
        progress.update(task, total=1, completed=1)
        return Status.SUCCEEDED
    for stale in archive.parent.glob("classes-*.jsa"):
        stale.unlink()
    with tempfile.TemporaryDirectory() as name:
        made = archive.with_suffix(".new")
        process = run_sample(Path(name), made, environment)
        if process.wait() is Status.SUCCEEDED:
            made.replace(archive)
    progress.update(task, total=1, completed=1)
    return process.status()


def run_sample(folder: Path, archive: Path, environment: dict[str, str]) -> Process:
    """Start the sample job; Java writes the archive at its end."""
    work = folder / "work"
    work.mkdir()
    script = spark.Script("sample", work / SAMPLE.name, folder, environment)
    script.path.write_text(SAMPLE.read_text())
    store = spark.ObjectStore(NOBODY, "none", "none", "us-east-1")
    session = spark.Session(store, "1g", archive_to=archive)
    return spark.start(
        script, session, output=LOG.debug, errors=LOG.debug, on_exit=lambda process: None
    )


def main() -> int:
    """Do what is missing; the exit code says whether all is there."""
    console = Console(stderr=True)
    environment = dict(os.environ)  # noqa: TID251 - a command: it is the user's
    columns = (TextColumn("{task.description:28}"), BarColumn(), TimeElapsedColumn())
    try:
        java = spark.java(environment)
        with Progress(*columns, console=console) as progress:
            fetch_jars(java, progress)
            wanted = "--archive" in sys.argv[1:]
            status = make_archive(java, progress, environment) if wanted else Status.SUCCEEDED
    except (spark.JavaNotFoundError, maven.NotFetchedError, FileNotFoundError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    if status is not Status.SUCCEEDED:
        console.print(f"The archive of classes was not made ({status}): jobs run, but start later.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
