"""Crawlers: the tables that they find, what they do about changes, how failures are told."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.contract.refusals import refusal

ROLE = "arn:aws:iam::000000000000:role/glue"


@pytest.fixture
def glue(aws):
    return aws("glue")


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def crawler(glue, unique, bucket):
    """Create a crawler over paths of the bucket; deleted afterwards with its database."""

    def create(*paths: str, **members) -> str:
        targets = [{"Path": f"s3://{bucket}/{path}"} for path in paths]
        glue.create_crawler(
            Name=unique,
            Role=ROLE,
            DatabaseName=unique,
            **{"Targets": {"S3Targets": targets}, **members},
        )
        return unique

    glue.create_database(DatabaseInput={"Name": unique})
    yield create
    glue.delete_database(Name=unique)
    if unique in glue.list_crawlers()["CrawlerNames"]:
        glue.delete_crawler(Name=unique)


@pytest.fixture
def crawl(glue, waiting):
    """Run a crawler to its end and give its last crawl."""

    def run(name: str) -> dict:
        glue.start_crawler(Name=name)

        def ready():
            found = glue.get_crawler(Name=name)["Crawler"]
            return found if found["State"] == "READY" else None

        return waiting(f"the end of the crawl of {name}", ready)["LastCrawl"]

    return run


@pytest.fixture
def put(s3, bucket):
    def store(key: str, body: bytes) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=body)

    return store


def json_lines(*records: dict) -> bytes:
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def parquet(**columns) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def columns(table: dict) -> dict[str, str]:
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


def keys(table: dict) -> list[tuple[str, str]]:
    return [(key["Name"], key["Type"]) for key in table["PartitionKeys"]]


def test_json_lines_in_folders_become_a_table_with_partitions(
    glue, aws, bucket, put, crawler, crawl
):
    known = {"at": "2013-01-01T00:00:00Z", "b": True, "n": 1, "x": None}
    put("raw/month=2013-01/a.jsonl", json_lines({"id": 1, **known}))
    put("raw/month=2013-02/b.jsonl", json_lines({"id": 2**40, **known, "tags": ["a"]}))
    who = {"name": "x", "n": 1.5}
    put("raw/month=2013-02/c.jsonl", json_lines({"id": 3, **known, "at": "z", "who": who}))
    put("raw/month=2013-02/_SUCCESS", b"")
    name = crawler("raw/", TablePrefix="lake_")
    last = crawl(name)
    assert last["Status"] == "SUCCEEDED", last
    table = glue.get_table(DatabaseName=name, Name="lake_raw")["Table"]
    assert columns(table) == {
        "id": "bigint",
        "at": "string",
        "b": "boolean",
        "n": "int",
        "x": "string",
        "tags": "array<string>",
        "who": "struct<name:string,n:double>",
    }
    assert keys(table) == [("month", "string")]
    assert table["StorageDescriptor"]["Location"] == f"s3://{bucket}/raw/"
    expected = {
        "classification": "json",
        "objectCount": "3",
        "recordCount": "3",
        "UPDATED_BY_CRAWLER": name,
    }
    assert table["Parameters"] | expected == table["Parameters"]
    found = glue.get_partitions(DatabaseName=name, TableName="lake_raw")["Partitions"]
    assert [(item["Values"], item["StorageDescriptor"]["Location"]) for item in found] == [
        (["2013-01"], f"s3://{bucket}/raw/month=2013-01/"),
        (["2013-02"], f"s3://{bucket}/raw/month=2013-02/"),
    ]
    metrics = glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"][0]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"]) == (1, 0)
    events = aws("logs").get_log_events(
        logGroupName=last["LogGroup"], logStreamName=last["LogStream"], startFromHead=True
    )["events"]
    lines = [event["message"] for event in events]
    assert (
        lines[0] == f"[{last['MessagePrefix']}] BENCHMARK : Running Start Crawl for Crawler {name}"
    )
    assert any(line.endswith(f"INFO : Created table lake_raw in database {name}") for line in lines)


def test_each_kind_of_folder_becomes_its_own_table(glue, put, crawler, crawl):
    put("lake/flights/2013/01/a.parquet", parquet(id=[1], carrier=["UA"], late=[True], x=[1.0]))
    put("lake/flights/2013/02/a.parquet", parquet(id=[2], carrier=["AA"], late=[None], x=[2.0]))
    put("lake/airports/a.csv", b"code,lat,name\nJFK,40.6,John F Kennedy\nEWR,40.7,Newark\n")
    put("lake/weather/a.json.gz", gzip.compress(json_lines({"temp": 1}, {"temp": 2.5})))
    name = crawler("lake/")
    assert crawl(name)["Status"] == "SUCCEEDED"
    tables = {item["Name"]: item for item in glue.get_tables(DatabaseName=name)["TableList"]}
    assert sorted(tables) == ["airports", "flights", "weather"]
    assert columns(tables["flights"]) == {
        "id": "bigint",
        "carrier": "string",
        "late": "boolean",
        "x": "double",
    }
    assert keys(tables["flights"]) == [("partition_0", "string"), ("partition_1", "string")]
    assert columns(tables["airports"]) == {"code": "string", "lat": "double", "name": "string"}
    assert tables["airports"]["Parameters"]["skip.header.line.count"] == "1"
    assert tables["airports"]["Parameters"]["delimiter"] == ","
    assert columns(tables["weather"]) == {"temp": "double"}
    assert tables["weather"]["Parameters"]["compressionType"] == "gzip"
    assert tables["weather"]["Parameters"]["recordCount"] == "2"


@pytest.mark.parametrize("key", [None, "raw/"], ids=["no object", "a folder's marker"])
def test_empty_prefix_makes_no_table(glue, aws, put, crawler, crawl, key):
    if key:
        put(key, b"")
    name = crawler("raw/")
    last = crawl(name)
    assert (last["Status"], last.get("ErrorMessage")) == ("SUCCEEDED", None)
    assert glue.get_tables(DatabaseName=name)["TableList"] == []
    metrics = glue.get_crawler_metrics(CrawlerNameList=[name])["CrawlerMetricsList"][0]
    assert metrics["TablesCreated"] == 0
    lines = aws("logs").filter_log_events(logGroupName=last["LogGroup"], logStreamNames=[name])
    assert any("No files were found at" in event["message"] for event in lines["events"])


def test_next_crawl_adds_partitions_and_changes_columns(glue, put, crawler, crawl):
    put("raw/month=01/a.jsonl", json_lines({"a": 1, "b": 1, "c": 1, "d": 1}))
    name = crawler("raw/")
    crawl(name)
    crawl(name)
    versions = glue.get_table_versions(DatabaseName=name, TableName="raw")["TableVersions"]
    assert len(versions) == 1
    put("raw/month=02/a.jsonl", json_lines({"a": 1, "b": 1, "c": 1.5, "d": 1, "e": "new"}))
    crawl(name)
    table = glue.get_table(DatabaseName=name, Name="raw")["Table"]
    assert columns(table) == {"a": "int", "b": "int", "c": "double", "d": "int", "e": "string"}
    assert table["VersionId"] == "1"
    found = glue.get_partitions(DatabaseName=name, TableName="raw")["Partitions"]
    assert [item["Values"] for item in found] == [["01"], ["02"]]


@pytest.mark.parametrize(
    ("behavior", "left", "marked"),
    [
        ("LOG", ["raw"], False),
        ("DEPRECATE_IN_DATABASE", ["raw"], True),
        ("DELETE_FROM_DATABASE", [], False),
    ],
)
def test_lost_table_is_treated_by_policy(
    glue, s3, bucket, put, crawler, crawl, behavior, left, marked
):
    put("raw/a.jsonl", json_lines({"a": 1}))
    policy = {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behavior}
    name = crawler("raw/", SchemaChangePolicy=policy)
    crawl(name)
    s3.delete_object(Bucket=bucket, Key="raw/a.jsonl")
    assert crawl(name)["Status"] == "SUCCEEDED"
    tables = glue.get_tables(DatabaseName=name)["TableList"]
    assert [table["Name"] for table in tables] == left
    assert any("DEPRECATED_BY_CRAWLER" in table["Parameters"] for table in tables) is marked


def test_crawl_of_a_bucket_that_is_gone_fails(glue, s3, unique, crawler, crawl):
    lost = f"{unique}-lost"
    s3.create_bucket(Bucket=lost)
    name = crawler(Targets={"S3Targets": [{"Path": f"s3://{lost}/raw/"}]})
    s3.delete_bucket(Bucket=lost)
    last = crawl(name)
    assert (last["Status"], last["ErrorMessage"]) == (
        "FAILED",
        f"S3 bucket {lost} does not exist.",
    )


def test_crawl_of_a_format_that_is_not_emulated_fails_by_name(put, bucket, crawler, crawl):
    put("raw/a.avro", b"Obj\x01and so on")
    last = crawl(crawler("raw/"))
    assert (last["Status"], last["ErrorMessage"]) == (
        "FAILED",
        f"s3://{bucket}/raw/a.avro: Crawling avro is not emulated",
    )


def test_damaged_parquet_fails_the_crawl(glue, put, crawler, crawl):
    put("raw/a.parquet", b"PAR1" + b"\0" * 100)
    name = crawler("raw/")
    assert crawl(name)["Status"] == "FAILED"
    assert glue.get_tables(DatabaseName=name)["TableList"] == []


def test_excluded_objects_are_left_out(glue, put, crawler, crawl, bucket):
    put("raw/a.jsonl", json_lines({"a": 1}))
    put("raw/old/b.txt", b"nothing to see")
    target = {"Path": f"s3://{bucket}/raw", "Exclusions": ["old/**"]}
    name = crawler(Targets={"S3Targets": [target]})
    crawl(name)
    assert [table["Name"] for table in glue.get_tables(DatabaseName=name)["TableList"]] == ["raw"]


def test_crawler_is_kept_updated_and_forgotten(glue, crawler):
    name = crawler("raw/", Description="finds")
    found = glue.get_crawler(Name=name)["Crawler"]
    assert (found["State"], found["Version"], found["Description"]) == ("READY", 1, "finds")
    assert found["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    glue.update_crawler(Name=name, TablePrefix="raw_")
    found = glue.get_crawler(Name=name)["Crawler"]
    assert (found["Version"], found["TablePrefix"], found["Description"]) == (2, "raw_", "finds")
    assert name in [item["Name"] for item in glue.get_crawlers()["Crawlers"]]
    assert refusal(crawler)[0] == "AlreadyExistsException"
    glue.delete_crawler(Name=name)
    missing = ("EntityNotFoundException", f"Crawler entry with name {name} does not exist")
    assert refusal(glue.get_crawler, Name=name) == missing
    assert refusal(glue.start_crawler, Name=name) == missing
    assert refusal(glue.delete_crawler, Name=name) == missing


def test_crawler_that_does_not_run_cannot_be_stopped(glue, crawler):
    name = crawler("raw/")
    assert refusal(glue.stop_crawler, Name=name)[0] == "CrawlerNotRunningException"


def test_crawler_over_a_missing_bucket_is_refused(glue, unique):
    targets = {"S3Targets": [{"Path": f"s3://{unique}-nothing/x"}]}
    assert refusal(
        glue.create_crawler, Name=unique, Role=ROLE, DatabaseName="d", Targets=targets
    ) == ("InvalidInputException", f"S3 bucket {unique}-nothing does not exist.")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Schedule": "cron(0 * * * ? *)"}, "Glue crawler schedules are not emulated"),
        ({"Classifiers": ["grok"]}, "Glue custom classifiers are not emulated"),
        (
            {"Targets": {"JdbcTargets": [{"ConnectionName": "x", "Path": "y"}]}},
            "Glue crawler JdbcTargets are not emulated",
        ),
    ],
    ids=["schedule", "classifiers", "jdbc"],
)
def test_what_no_crawl_does_is_refused_by_name(crawler, members, message):
    assert message in refusal(crawler, **members)[1]
