"""The crawl: Glue looks at the raw events and writes their tables and partitions to the catalog."""

from typing import Any

from botocore.exceptions import ClientError

from pipeline import aws
from pipeline.errors import JobFailedError, LateError
from pipeline.orchestration.logs import first_line, log_tail
from pipeline.orchestration.run import Run, Show, listing, read_state, write_state
from pipeline.polling import polls

LOG_GROUP = "/aws-glue/crawlers"


def crawl(run: Run, show: Show) -> str:
    """Crawl the raw events, unless the catalog was made from just these objects."""
    version = listing(run.output("LakeBucket"), "raw/").digest
    if read_state(run, "crawl").get("raw") != version or not _tables(run):
        show.say("starting the crawler")
        _start(run.output("RawCrawlerName"))
        _wait(run, show)
        write_state(run, "crawl", {"raw": version})
    tables = _tables(run)
    return f"{len(tables)} tables, {_partitions(run, tables)} partitions"


def _start(crawler: str) -> None:
    try:
        aws.client("glue").start_crawler(Name=crawler)
    except ClientError as error:
        # An interrupted run has left it running: then it is this crawl that is waited for.
        if error.response["Error"]["Code"] != "CrawlerRunningException":
            raise


def _wait(run: Run, show: Show) -> None:
    name = run.output("RawCrawlerName")
    for _ in polls(run.settings.stage_seconds):
        crawler = aws.client("glue").get_crawler(Name=name)["Crawler"]
        if crawler["State"] == "READY":
            return _judge(name, crawler.get("LastCrawl", {}))
        show.say(crawler["State"].lower())
    raise LateError(f"Crawler {name} is not through after {run.settings.stage_seconds} s.")


def _judge(name: str, last: dict[str, Any]) -> None:
    if last.get("Status") != "SUCCEEDED":
        reason = first_line(last.get("ErrorMessage", ""))
        sentence = f"Crawler {name} ended {last.get('Status', 'without a crawl')}: {reason}"
        raise JobFailedError(sentence, log_tail=log_tail(LOG_GROUP, name))


def _tables(run: Run) -> list[str]:
    pages = aws.client("glue").get_paginator("get_tables")
    found = pages.paginate(DatabaseName=run.output("CatalogDatabase"))
    return [table["Name"] for page in found for table in page["TableList"]]


def _partitions(run: Run, tables: list[str]) -> int:
    pages = aws.client("glue").get_paginator("get_partitions")
    return sum(
        len(page["Partitions"])
        for table in tables
        for page in pages.paginate(
            DatabaseName=run.output("CatalogDatabase"), TableName=table, ExcludeColumnSchema=True
        )
    )
