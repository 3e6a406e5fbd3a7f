"""What one object is taken for."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emulation.compute.crawling import kinds
from emulation.compute.crawling.formats import SAMPLE_BYTES, FormatNotEmulatedError, read_content
from emulation.compute.crawling.kinds import Array, Struct, unite


def content(data: bytes):
    return read_content(lambda start, length: data[start : start + length], len(data))


def schema(data: bytes) -> dict[str, str]:
    return {name: kinds.text(kind) for name, kind in content(data).columns}


def lines(*records: dict) -> bytes:
    return "\n".join(json.dumps(record) for record in records).encode()


@pytest.mark.parametrize(
    ("one", "other", "united"),
    [
        ("int", "int", "int"),
        ("int", "bigint", "bigint"),
        ("bigint", "double", "double"),
        ("null", "boolean", "boolean"),
        ("boolean", "int", "string"),
        (Array("int"), Array("null"), Array("int")),
        (Array("int"), "int", "string"),
        (Struct((("a", "int"),)), Struct((("b", "int"),)), Struct((("a", "int"), ("b", "int")))),
    ],
)
def test_unite_finds_the_least_type_for_both(one, other, united):
    assert unite(one, other) == united
    if not isinstance(united, Struct):
        assert unite(other, one) == united


def test_json_lines_by_arrow_and_by_hand_agree():
    records = {"a": 1, "b": "2013-01-01T00:00:00Z", "c": [1, 2.5], "d": {"e": None}, "f": 2**33}
    quick = schema(lines(records, {"a": 2, "g": True}))
    slow = schema(lines(records, {"a": 2, "g": True}, {"a": "text"}))
    assert quick == {
        "a": "int",
        "b": "string",
        "c": "array<double>",
        "d": "struct<e:string>",
        "f": "bigint",
        "g": "boolean",
    }
    assert slow == quick | {"a": "string"}


def test_json_that_is_one_list_is_one_column():
    assert schema(b'[{"a": 1}, {"a": 2.5}]') == {"array": "array<struct<a:double>>"}


def test_json_over_many_lines_is_read_record_by_record():
    data = b'{\n  "a": 1\n}\n{\n  "a": 2\n}\n'
    assert (schema(data), content(data).records) == ({"a": "int"}, 2)


def test_long_json_is_sampled_and_its_records_estimated():
    record = json.dumps({"a": "x" * 1000}).encode() + b"\n"
    data = record * (3 * SAMPLE_BYTES // len(record))
    found = content(data)
    assert abs(found.records - 3 * SAMPLE_BYTES // len(record)) <= 3


@pytest.mark.parametrize(
    ("data", "columns", "delimiter"),
    [
        (b"code,lat\nJFK,40.6\n", {"code": "string", "lat": "double"}, ","),
        (b"1|a\n2|b\n", {"col0": "bigint", "col1": "string"}, "|"),
        (b"a;b\nx;y\n", {"col0": "string", "col1": "string"}, ";"),
        (b'name,n\n"Kennedy, John",1\n', {"name": "string", "n": "bigint"}, ","),
        (b"a,b\n1,NA\n", {"a": "bigint", "b": "string"}, ","),
    ],
    ids=["header", "no header", "only text", "quotes", "NA"],
)
def test_separated_text(data, columns, delimiter):
    found = content(data)
    assert (schema(data), found.delimiter) == (columns, delimiter)
    assert found.classification == "csv"


@pytest.mark.parametrize("data", [b"just words", b"one\ntwo\n", b"{broken", b"\x00\x01\x02,\n,"])
def test_what_nobody_knows_is_unknown(data):
    assert content(data).classification == "UNKNOWN"


def test_parquet_is_read_by_its_footer():
    file = io.BytesIO()
    table = pa.table(
        {
            "i": pa.array([1], pa.int32()),
            "d": pa.array([None], pa.decimal128(10, 2)),
            "t": pa.array([None], pa.timestamp("us")),
            "day": pa.array([None], pa.date32()),
            "m": pa.array([None], pa.map_(pa.string(), pa.int64())),
        }
    )
    pq.write_table(table, file)
    assert schema(file.getvalue()) == {
        "i": "int",
        "d": "decimal(10,2)",
        "t": "timestamp",
        "day": "date",
        "m": "map<string,bigint>",
    }
    assert content(file.getvalue()).records == 1


def test_avro_is_refused_by_name():
    with pytest.raises(FormatNotEmulatedError, match="Crawling avro is not emulated"):
        content(b"Obj\x01rest")
