"""When warehouse and copy are renewed, and how the columns of the files are known."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from pipeline.errors import JobFailedError
from pipeline.warehouse import schema, spice

ARN = "arn:aws:quicksight:us-east-1:123456789012:dataset/t-routes"
SPARK = "org.apache.spark.sql.parquet.row.metadata"


class Bucket:
    """One object, of which the end is read."""

    def __init__(self, content):
        self.content = content

    def get_object(self, *, Range, **_):
        return {"Body": io.BytesIO(self.content[-int(Range.removeprefix("bytes=-")) :])}


def parquet(fields, name=SPARK):
    table = pa.table({"flight_id": ["x" * 500]})
    told = json.dumps({"type": "struct", "fields": fields}, separators=(",", ":"))
    written = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({name: told}), written)
    return written.getvalue()


@pytest.mark.parametrize("tail", [64, schema.TAIL])
def test_columns_are_those_that_spark_wrote_down(monkeypatch, tail):
    fields = [{"name": "a", "type": "long"}, {"name": "b", "type": {"type": "struct"}}]
    monkeypatch.setattr(schema.aws, "client", lambda _: Bucket(parquet(fields)))
    monkeypatch.setattr(schema, "TAIL", tail)
    assert schema.column_types("lake", "a.parquet") == ("long", "string")


@pytest.mark.parametrize("content", [b"", b"text" * 99, parquet([])[:-4] + b"PARE"])
def test_file_of_another_kind_is_named(monkeypatch, content):
    monkeypatch.setattr(schema.aws, "client", lambda _: Bucket(content))
    with pytest.raises(JobFailedError, match="s3://lake/a.parquet is no Parquet file of Spark's"):
        schema.column_types("lake", "a.parquet")


class QuickSight:
    """Imports by their names; a new one ends as the test says."""

    def __init__(self, ends):
        self.ends, self.imports = list(ends), {}

    def describe_ingestion(self, *, IngestionId, **_):
        if IngestionId not in self.imports:
            error = {"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}
            raise ClientError(error, "DescribeIngestion")
        return {"Ingestion": self.imports[IngestionId]}

    def create_ingestion(self, *, AwsAccountId, DataSetId, IngestionId):
        assert (AwsAccountId, DataSetId) == ("123456789012", "t-routes")
        error = {"Type": "SQL_EXCEPTION", "Message": "no such table"}
        self.imports[IngestionId] = {"IngestionStatus": self.ends.pop(0), "ErrorInfo": error}


def test_version_is_imported_once(monkeypatch):
    quicksight = QuickSight(["COMPLETED", "COMPLETED"])
    monkeypatch.setattr(spice.aws, "client", lambda _: quicksight)
    assert [spice.refresh(ARN, version) for version in ("a", "a", "b")] == [True, False, True]
    assert list(quicksight.imports) == ["a-1", "b-1"]


def test_import_that_failed_is_told_and_tried_again(monkeypatch):
    quicksight = QuickSight(["FAILED", "COMPLETED"])
    monkeypatch.setattr(spice.aws, "client", lambda _: quicksight)
    with pytest.raises(JobFailedError, match="a-1 of .*: SQL_EXCEPTION: no such table"):
        spice.refresh(ARN, "a")
    assert not spice.is_imported(ARN, "a")
    assert spice.refresh(ARN, "a")
    assert spice.is_imported(ARN, "a")
