"""One crawl: list, classify what is new, group, write to the catalog, tell the end.

A crawl runs in a thread of its own, and the crawler's state follows that thread. What an object
contains is kept in memory by its ETag, so that the next crawl reads only what has changed.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException
from localstack.aws.connect import connect_to

from emulation.compute.crawling.formats import Content, FormatNotEmulatedError, read_content
from emulation.compute.crawling.layout import Found, Grouping, TableFound, find_tables
from emulation.services.glue import announcements
from emulation.services.glue.crawl_targets import Target
from emulation.services.glue.crawled_tables import Changes, FoundAt, Writer
from emulation.services.glue.objects import ObjectReader
from emulation.services.glue.store import (
    LOCK,
    Crawler,
    PastCrawl,
    Record,
    Scope,
    now,
)
from emulation.services.log_events import LogStream
from emulation.state import save_service

LOG_GROUP = "/aws-glue/crawlers"
READERS = 8
INTERRUPTED = "The emulator ended while the crawler was running."

_contents: dict[tuple[str, str], Content] = {}
"""What objects contain, by address and ETag."""


class CrawlError(Exception):
    """The crawl fails, and nothing is written; the message is the crawler's `ErrorMessage`."""


class CrawlStoppedError(Exception):
    """The crawler was told to stop."""


def start(scope: Scope, crawler: Crawler) -> None:
    """Crawl in the background."""
    crawler.started = now()
    name = f"crawl-{crawler.record['Name']}"
    threading.Thread(target=Crawl(scope, crawler).run, name=name, daemon=True).start()


class Crawl:
    """A crawl that goes on."""

    def __init__(self, scope: Scope, crawler: Crawler) -> None:
        self._scope = scope
        self._history = crawler
        self._crawler = crawler.record
        self._started = crawler.started or now()
        self._prefix = str(uuid.uuid4())
        self._log = LogStream(scope.account, scope.region, LOG_GROUP, crawler.record["Name"])
        self._objects = ObjectReader(scope)
        self._s3 = connect_to(aws_access_key_id=scope.account, region_name=scope.region).s3

    def run(self) -> None:
        """From RUNNING back to READY, whatever happens between."""
        self._say("BENCHMARK", f"Running Start Crawl for Crawler {self._crawler['Name']}")
        announcements.crawl_started(self._scope, self._crawler["Name"], self._started)
        changes, status, message = Changes(), "FAILED", "Internal Service Exception"
        try:
            changes = self._crawl()
            status, message = "SUCCEEDED", ""
        except CrawlStoppedError:
            status, message = "CANCELLED", ""
        except (CrawlError, ClientError, CommonServiceException) as error:
            message = str(error)
        finally:
            self._end(changes, status, message)

    def _crawl(self) -> Changes:
        database = self._crawler["DatabaseName"]
        found = [
            FoundAt(target.bucket, table)
            for target in self._targets()
            for table in self._tables(target)
        ]
        self._stop_if_told()
        text = f"Classification complete, writing results to database {database}"
        self._say("BENCHMARK", text)
        policy = json.dumps(self._crawler["SchemaChangePolicy"], separators=(",", ":"))
        self._say("INFO", f"Crawler configured with SchemaChangePolicy {policy}.")
        with LOCK:
            changes = Writer(self._scope, self._crawler).write(found)
        for line in changes.lines:
            self._say("INFO", line)
        self._say("BENCHMARK", "Finished writing to Catalog")
        return changes

    def _targets(self) -> list[Target]:
        return [Target.of(target) for target in self._crawler["Targets"]["S3Targets"]]

    def _tables(self, target: Target) -> list[TableFound]:
        objects = [item for item in self._listing(target) if target.includes(item["Key"])]
        objects = sampled(objects, target.sample_size)
        full = [item for item in objects if item["Size"]]
        if not full:
            address = f"s3://{target.bucket}/{target.prefix}"
            self._say("WARN", f"No files were found at {address}: no table is created from it")
        with ThreadPoolExecutor(READERS) as readers:
            contents = list(readers.map(lambda item: self._content(target, item), full))
        files = [
            Found(item["Key"], item["Size"], content)
            for item, content in zip(full, contents, strict=True)
        ]
        return find_tables(target.root, files, self._grouping())

    def _listing(self, target: Target) -> Iterator[Record]:
        pages = self._s3.get_paginator("list_objects_v2")
        try:
            for page in pages.paginate(Bucket=target.bucket, Prefix=target.prefix):
                yield from page.get("Contents", [])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            raise CrawlError(f"S3 bucket {target.bucket} does not exist.") from error

    def _content(self, target: Target, item: Record) -> Content:
        self._stop_if_told()
        address = (f"{target.bucket}/{item['Key']}", item["ETag"])
        if address not in _contents:
            _contents[address] = self._read(target.bucket, item)
        return _contents[address]

    def _read(self, bucket: str, item: Record) -> Content:
        def read(start: int, length: int) -> bytes:
            whole = start == 0 and length >= item["Size"]
            ranged = None if whole else f"bytes={start}-{start + length - 1}"
            return self._objects.read(bucket, item["Key"], ranged)

        try:
            return read_content(read, item["Size"])
        except (FormatNotEmulatedError, OSError, ValueError) as error:
            raise CrawlError(f"s3://{bucket}/{item['Key']}: {error}") from error

    def _grouping(self) -> Grouping:
        rules = configuration(self._crawler).get("Grouping", {})
        combine = rules.get("TableGroupingPolicy") == "CombineCompatibleSchemas"
        return Grouping(combine, rules.get("TableLevelConfiguration"))

    def _stop_if_told(self) -> None:
        if self._crawler["State"] == "STOPPING":
            raise CrawlStoppedError

    def _say(self, level: str, text: str) -> None:
        self._log(f"[{self._prefix}] {level} : {text}")

    def _end(self, changes: Changes, status: str, message: str) -> None:
        if message:
            self._say("ERROR", message)
        self._say("BENCHMARK", "Crawler has finished running and is in state READY")
        self._log.close()
        ended = now()
        logs = {
            "LogGroup": LOG_GROUP,
            "LogStream": self._crawler["Name"],
            "MessagePrefix": self._prefix,
            "StartTime": self._started,
            **({"ErrorMessage": message} if message else {}),
        }
        past = {"CrawlId": self._prefix, "State": HISTORY_STATES[status], "EndTime": ended, **logs}
        elapsed = int((ended - self._started).total_seconds() * 1000)
        with LOCK:
            record = past | {"Summary": changes.summary()}
            self._history.crawls.append(PastCrawl(record, changes.counts()))
            last = {"Status": status, **logs}
            self._crawler.update(State="READY", CrawlElapsedTime=elapsed, LastCrawl=last)
        # No request tells of this change.
        save_service("glue")
        self._announce(changes, status, message)

    def _announce(self, changes: Changes, status: str, message: str) -> None:
        name = self._crawler["Name"]
        if status == "SUCCEEDED":
            announcements.crawl_succeeded(self._scope, name, self._started, changes)
        else:
            announcements.crawl_failed(self._scope, name, message or "Crawler stopped")


HISTORY_STATES = {"SUCCEEDED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "STOPPED"}


def configuration(crawler: Record) -> Record:
    """The crawler's configuration, read."""
    record: Record = json.loads(crawler.get("Configuration") or "{}")
    return record


def sampled(objects: list[Record], size: int | None) -> list[Record]:
    """Of each folder so many objects, where the target has a sample size."""
    if not size:
        return objects
    folders: dict[str, list[Record]] = {}
    for item in objects:
        folders.setdefault(item["Key"].rpartition("/")[0], []).append(item)
    return [item for items in folders.values() for item in items[:size]]


def metrics(crawler: Crawler) -> Record:
    """A crawler's figures."""
    records = [past.record for past in crawler.crawls]
    seconds = [(record["EndTime"] - record["StartTime"]).total_seconds() for record in records]
    counts = crawler.crawls[-1].counts if crawler.crawls else (0, 0, 0)
    names = ("TablesCreated", "TablesUpdated", "TablesDeleted")
    return {
        "CrawlerName": crawler.record["Name"],
        "TimeLeftSeconds": 0.0,
        "StillEstimating": False,
        "LastRuntimeSeconds": seconds[-1] if seconds else 0.0,
        "MedianRuntimeSeconds": median(seconds) if seconds else 0.0,
        **dict(zip(names, counts, strict=True)),
    }


def fail_interrupted_crawls(scope: Scope) -> None:
    """A crawl whose thread ended with the emulator has failed."""
    for crawler in scope.store.crawlers.values():
        if crawler.record["State"] != "READY":
            last: Record = {"Status": "FAILED", "ErrorMessage": INTERRUPTED, "LogGroup": LOG_GROUP}
            last["StartTime"] = crawler.started
            crawler.record.update(State="READY", LastCrawl=last)
            announcements.crawl_failed(scope, crawler.record["Name"], INTERRUPTED)
