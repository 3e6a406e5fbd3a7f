"""Crawlers: what they look at, and starting and stopping them. The crawl itself is in `crawls`."""

import json
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext, handler
from localstack.aws.connect import connect_to

from emulation.services.glue import crawls
from emulation.services.glue.crawl_targets import Target
from emulation.services.glue.errors import (
    AlreadyExistsError,
    CrawlerNotRunningError,
    CrawlerRunningError,
    CrawlerStoppingError,
    EntityNotFoundError,
    InvalidInputError,
)
from emulation.services.glue.paging import page
from emulation.services.glue.store import (
    LOCK,
    Crawler,
    GlueStore,
    Record,
    Scope,
    now,
    pick,
    scope_of,
)

MEMBERS = (
    "Role", "Targets", "DatabaseName", "Description", "RecrawlPolicy", "SchemaChangePolicy",
    "TablePrefix", "Configuration", "LineageConfiguration", "LakeFormationConfiguration",
    "CrawlerSecurityConfiguration",
)  # fmt: skip

DEFAULTS: Record = {
    "Classifiers": [],
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "SchemaChangePolicy": {
        "UpdateBehavior": "UPDATE_IN_DATABASE",
        "DeleteBehavior": "DEPRECATE_IN_DATABASE",
    },
    "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
    "LakeFormationConfiguration": {"UseLakeFormationCredentials": False, "AccountId": ""},
}


class CrawlerOperations:
    """The operations on crawlers."""

    @handler("CreateCrawler", expand=False)
    def create_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Keep a new crawler."""
        scope, name = scope_of(context), request["Name"]
        with LOCK:
            if name in scope.store.crawlers:
                raise AlreadyExistsError(f"Crawler with name {name} already exists")
            given = checked(scope, request)
            scope.store.crawlers[name] = Crawler(new_record(name, given))
            scope.store.tags[scope.arn(f"crawler/{name}")] = dict(request.get("Tags") or {})
        return {}

    @handler("UpdateCrawler", expand=False)
    def update_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Change the members that the request has."""
        scope = scope_of(context)
        with LOCK:
            crawler = find_crawler(scope.store, request["Name"])
            refuse_running(crawler)
            record = crawler.record
            record.update(checked(scope, {**pick(record, *MEMBERS), **request}))
            record.update(LastUpdated=now(), Version=record["Version"] + 1)
        return {}

    @handler("DeleteCrawler", expand=False)
    def delete_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Forget a crawler; its tables stay."""
        scope, name = scope_of(context), request["Name"]
        with LOCK:
            refuse_running(find_crawler(scope.store, name))
            del scope.store.crawlers[name]
            scope.store.tags.pop(scope.arn(f"crawler/{name}"), None)
        return {}

    @handler("GetCrawler", expand=False)
    def get_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """One crawler."""
        return {"Crawler": told(find_crawler(scope_of(context).store, request["Name"]))}

    @handler("GetCrawlers", expand=False)
    def get_crawlers(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """All crawlers."""
        crawlers = [told(crawler) for crawler in scope_of(context).store.crawlers.values()]
        return page(crawlers, request, "Crawlers")

    @handler("BatchGetCrawlers", expand=False)
    def batch_get_crawlers(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Several crawlers, and the names of those that are not there."""
        crawlers, names = scope_of(context).store.crawlers, request["CrawlerNames"]
        return {
            "Crawlers": [told(crawlers[name]) for name in names if name in crawlers],
            "CrawlersNotFound": [name for name in names if name not in crawlers],
        }

    @handler("ListCrawlers", expand=False)
    def list_crawlers(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """The names of all crawlers, or of those with certain tags."""
        scope, wanted = scope_of(context), dict(request.get("Tags") or {})
        names = [
            name
            for name in scope.store.crawlers
            if wanted.items() <= scope.store.tags.get(scope.arn(f"crawler/{name}"), {}).items()
        ]
        return page(names, request, "CrawlerNames")

    @handler("StartCrawler", expand=False)
    def start_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """Begin a crawl and answer at once."""
        scope = scope_of(context)
        with LOCK:
            crawler = find_crawler(scope.store, request["Name"])
            refuse_running(crawler)
            crawler.record["State"] = "RUNNING"
        crawls.start(scope, crawler)
        return {}

    @handler("StopCrawler", expand=False)
    def stop_crawler(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """End a crawl; what it has found so far is not written."""
        name = request["Name"]
        with LOCK:
            record = find_crawler(scope_of(context).store, name).record
            if record["State"] == "STOPPING":
                raise CrawlerStoppingError(name)
            if record["State"] != "RUNNING":
                raise CrawlerNotRunningError(name)
            record["State"] = "STOPPING"
        return {}

    @handler("GetCrawlerMetrics", expand=False)
    def get_crawler_metrics(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """What the last crawls did."""
        crawlers = scope_of(context).store.crawlers
        names = request.get("CrawlerNameList") or list(crawlers)
        metrics = [crawls.metrics(crawlers[name]) for name in names if name in crawlers]
        return page(metrics, request, "CrawlerMetricsList")

    @handler("ListCrawls", expand=False)
    def list_crawls(self, context: RequestContext, request: Any) -> dict[str, Any]:
        """A crawler's crawls, the latest first."""
        if request.get("Filters"):
            raise NotImplementedError("glue.ListCrawls with Filters is not emulated")
        crawler = find_crawler(scope_of(context).store, request["CrawlerName"])
        return page([past.record for past in reversed(crawler.crawls)], request, "Crawls")


def new_record(name: str, given: Record) -> Record:
    """A crawler as the API answers it, before its first crawl."""
    return {
        "Name": name,
        **DEFAULTS,
        **given,
        "State": "READY",
        "CrawlElapsedTime": 0,
        "CreationTime": now(),
        "LastUpdated": now(),
        "Version": 1,
    }


def find_crawler(store: GlueStore, name: str) -> Crawler:
    """A crawler by its name."""
    if name not in store.crawlers:
        raise EntityNotFoundError(f"Crawler entry with name {name} does not exist")
    return store.crawlers[name]


def refuse_running(crawler: Crawler) -> None:
    """A crawler at work is left alone."""
    if crawler.record["State"] != "READY":
        raise CrawlerRunningError(crawler.record["Name"])


def told(crawler: Crawler) -> Record:
    """The record as it is now: the elapsed time counts while the crawl goes on."""
    if crawler.record["State"] == "READY" or crawler.started is None:
        return crawler.record
    elapsed = (now() - crawler.started).total_seconds()
    return {**crawler.record, "CrawlElapsedTime": int(elapsed * 1000)}


def checked(scope: Scope, request: Any) -> Record:
    """What a request says of a crawler, if it is something that can be crawled."""
    given = pick(request, *MEMBERS)
    refuse_other_work(request)
    if not given.get("DatabaseName"):
        raise InvalidInputError("Database name cannot be empty")
    targets = given.get("Targets") or {}
    refuse_other_targets(targets)
    if not targets.get("S3Targets"):
        raise InvalidInputError("At least one target is required")
    for target in targets["S3Targets"]:
        check_target(scope, target)
    check_configuration(given.get("Configuration"))
    return given


def refuse_other_work(request: Any) -> None:
    """Nobody here starts a crawl at a time, or classifies by a pattern."""
    if request.get("Schedule"):
        raise NotImplementedError("Glue crawler schedules are not emulated")
    if request.get("Classifiers"):
        raise NotImplementedError("Glue custom classifiers are not emulated")
    behavior = (request.get("RecrawlPolicy") or {}).get("RecrawlBehavior", "CRAWL_EVERYTHING")
    if behavior == "CRAWL_EVENT_MODE":
        raise NotImplementedError("Glue crawlers in CRAWL_EVENT_MODE are not emulated")
    policy = request.get("SchemaChangePolicy") or {}
    if behavior == "CRAWL_NEW_FOLDERS_ONLY" and set(policy.values()) != {"LOG"}:
        raise InvalidInputError(
            'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have '
            "only LOG DeleteBehavior value and LOG UpdateBehavior value."
        )


def refuse_other_targets(targets: Any) -> None:
    """S3 is what can be crawled."""
    for name, members in targets.items():
        if members and name != "S3Targets":
            raise NotImplementedError(f"Glue crawler {name} are not emulated")


def check_target(scope: Scope, target: Any) -> None:
    """The bucket of a target must be there, as on AWS; the prefix may be empty."""
    path = Target.of(target)
    if target.get("ConnectionName"):
        raise NotImplementedError("Glue crawler connections are not emulated")
    s3 = connect_to(aws_access_key_id=scope.account, region_name=scope.region).s3
    try:
        s3.head_bucket(Bucket=path.bucket)
    except ClientError as error:
        raise InvalidInputError(f"S3 bucket {path.bucket} does not exist.") from error


def check_configuration(text: str | None) -> None:
    """The crawler's configuration is a JSON object."""
    try:
        configuration = json.loads(text or "{}")
    except ValueError:
        raise InvalidInputError("Crawler configuration is not valid JSON") from None
    if not isinstance(configuration, dict):
        raise InvalidInputError("Crawler configuration is not valid JSON")
