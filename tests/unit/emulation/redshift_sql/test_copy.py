"""COPY and UNLOAD: files in S3 to tables and back."""

import bz2
import datetime
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emulation.compute.redshift_sql import copy_statements
from emulation.compute.warehouse import unload_text, unloading


def parquet(**columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.fixture
def loading(database):
    database("CREATE TABLE t (a INT NOT NULL, b VARCHAR(4), c DATE, d DECIMAL(8,2), e BOOLEAN)")
    return database


GOOD = parquet(
    x=pa.array([1, 2], pa.int32()),
    y=["p", None],
    z=pa.array([datetime.date(2020, 1, 1), None]),
    w=pa.array([None, None], pa.decimal128(8, 2)),
    v=[True, None],
)


def test_parquet_goes_by_position(loading):
    loading.objects.put("s3://b/p/month=1/part.parquet", GOOD)
    loading.objects.put("s3://b/p/month=2/part.parquet", GOOD)
    loading.objects.put("s3://b/p/_SUCCESS", "")
    loading("COPY t FROM 's3://b/p/' IAM_ROLE 'arn:aws:iam::1:role/r' FORMAT AS PARQUET")
    rows = loading("SELECT * FROM t ORDER BY a")
    assert rows[1:3] == [(1, "p", "2020-01-01", None, True), (2, None, None, None, None)]
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (parquet(a=pa.array([1], pa.int32())), "Table columns: 5, Data columns: 1"),
        (parquet(a=pa.array([1], pa.int64()), b=["x"], c=["x"], d=["x"], e=["x"]),
         "Column type: INTEGER, Parquet schema:\noptional int64 a"),
        (b"a,b\n", "has an invalid version number"),
        (b"PAR1 cut off", "File 'https://s3.amazonaws.com/b/p/1' is not valid"),
    ],
)  # fmt: skip
def test_parquet_that_does_not_fit_is_refused_whole(loading, content, words):
    loading.objects.put("s3://b/p/0", GOOD)
    loading.objects.put("s3://b/p/1", content)
    error = loading.error("COPY t FROM 's3://b/p/' IAM_ROLE DEFAULT FORMAT PARQUET")
    assert error.startswith("ERROR: Spectrum Scan Error\n")
    assert words in error
    assert loading("SELECT COUNT(*) FROM t") == [(0,)]


def test_missing_prefix_has_redshifts_message(loading):
    error = loading.error("COPY t FROM 's3://b/none/' IAM_ROLE DEFAULT CSV")
    assert error.startswith("ERROR: The specified S3 prefix 'none/' does not exist\n  Detail: ")
    assert "code:      8001" in error


def test_csv(loading):
    loading.objects.put(
        "s3://b/c.csv",
        'a,b,c,d,e\r\n1,"x,y",2020-01-31,1.505,t\n2,"q""q",,,no\n3,,,-1e2,\n4,"l\nl",,,\n',
    )
    loading("COPY t FROM 's3://b/c.csv' IAM_ROLE DEFAULT CSV IGNOREHEADER 1")
    assert loading("SELECT * FROM t ORDER BY a") == [
        (1, "x,y", "2020-01-31", "1.51", True),
        (2, 'q"q', None, None, False),
        (3, "", None, "-100.00", None),
        (4, "l\nl", None, None, None),
    ]


def test_delimited_text(loading):
    loading.objects.put("s3://b/d", "1|\\N|2020-01-01|1|1\n2||||0\n")
    loading("COPY t FROM 's3://b/d' IAM_ROLE DEFAULT")
    assert loading("SELECT a, b, e FROM t ORDER BY a") == [(1, None, True), (2, "", False)]


def test_delimited_text_with_escapes_and_quotes(loading):
    loading.objects.put("s3://b/d", '1;a\\;b;;;\n"2";"c;d";;;\n')
    loading("COPY t FROM 's3://b/d' IAM_ROLE DEFAULT DELIMITER ';' ESCAPE REMOVEQUOTES EMPTYASNULL")
    assert loading("SELECT a, b FROM t ORDER BY a") == [(1, "a;b"), (2, "c;d")]


@pytest.mark.parametrize(("packed", "clause"), [(gzip.compress, "GZIP"), (bz2.compress, "BZIP2")])
def test_compressed_text(loading, packed, clause):
    loading.objects.put("s3://b/z", packed(b"1|a|||\n"))
    loading(f"COPY t FROM 's3://b/z' IAM_ROLE DEFAULT {clause}")
    assert loading("SELECT a, b FROM t") == [(1, "a")]
    loading.objects.put("s3://b/z", "1|a|||\n")
    assert "compression" in loading.error(f"COPY t FROM 's3://b/z' IAM_ROLE DEFAULT {clause}")


def test_json_by_name(loading):
    loading.objects.put(
        "s3://b/j", '{"a":1,"B":"up","b":"q","d":1.10,"e":true,"x":9}\n{"a":2,\n "b":"z"}{"a":3}'
    )
    loading("COPY t FROM 's3://b/j' IAM_ROLE DEFAULT FORMAT JSON 'auto'")
    assert loading("SELECT * FROM t ORDER BY a") == [
        (1, "q", None, "1.10", True),
        (2, "z", None, None, None),
        (3, None, None, None, None),
    ]


def test_json_by_paths(loading):
    loading.objects.put("s3://b/paths", '{"jsonpaths":["$.k[0]","$[\'n\'].m"]}')
    loading.objects.put("s3://b/j", '{"k":[7],"n":{"m":"hey"}}')
    loading("COPY t (a, b) FROM 's3://b/j' IAM_ROLE DEFAULT JSON 's3://b/paths'")
    assert loading("SELECT a, b FROM t") == [(7, "hey")]


BAD = (
    "1|ab|2020-01-01|1.5|true\nx|ab|2020-01-01|1.5|true\n3|toolong|2020-01-01|1|f\n"
    "4|a|notadate|1|f\n|a|2020-01-01|1|f\n5|a|2020-01-01\n6|a|||maybe\n"
)


def test_bad_rows_fail_the_load_and_are_listed(loading):
    loading.objects.put("s3://b/bad", BAD)
    assert loading.error("COPY t FROM 's3://b/bad' IAM_ROLE DEFAULT") == (
        "ERROR: Load into table 't' failed.  "
        "Check 'sys_load_error_detail' system table for details."
    )
    assert loading("SELECT COUNT(*) FROM t") == [(0,)]
    assert loading(
        "SELECT line_number, colname, raw_field_value, err_code FROM stl_load_errors ORDER BY 1"
    ) == [
        (2, "a", "x", 1207),
        (3, "b", "toolong", 1204),
        (4, "c", "notadate", 1205),
        (5, "a", "", 1213),
        (6, "", "", 1214),
        (7, "e", "maybe", 1210),
    ]


def test_bad_rows_are_left_out_up_to_maxerror(loading):
    loading.objects.put("s3://b/bad", BAD)
    assert "failed" in loading.error("COPY t FROM 's3://b/bad' IAM_ROLE DEFAULT MAXERROR 6")
    loading("COPY t FROM 's3://b/bad' IAM_ROLE DEFAULT MAXERROR 7")
    assert loading("SELECT a FROM t") == [(1,)]


def test_text_that_is_too_long_can_be_cut(loading):
    loading.objects.put("s3://b/c", "1,abcdef,,,\n")
    loading("COPY t FROM 's3://b/c' IAM_ROLE DEFAULT CSV TRUNCATECOLUMNS")
    assert loading("SELECT b FROM t") == [("abcd",)]


def test_date_and_time_formats(database):
    database("CREATE TABLE t (d DATE, ts TIMESTAMP)")
    database.objects.put("s3://b/a", "31.01.2020,2020-01-01T10:00:00\n")
    database(
        "COPY t FROM 's3://b/a' IAM_ROLE DEFAULT CSV DATEFORMAT 'DD.MM.YYYY' TIMEFORMAT 'auto'"
    )
    database.objects.put("s3://b/e", "01/31/2020,1577836800\n")
    database("COPY t FROM 's3://b/e' IAM_ROLE DEFAULT CSV DATEFORMAT 'auto' TIMEFORMAT 'epochsecs'")
    assert database("SELECT * FROM t ORDER BY ts") == [
        ("2020-01-31", "2020-01-01 00:00:00"),
        ("2020-01-31", "2020-01-01 10:00:00"),
    ]


def test_manifest(loading):
    entry = '{"url":"s3://b/p/part.parquet","mandatory":true,"meta":{"content_length":9}}'
    loading.objects.put("s3://b/p/part.parquet", GOOD)
    loading.objects.put("s3://b/m", f'{{"entries":[{entry}]}}')
    loading("COPY t FROM 's3://b/m' IAM_ROLE DEFAULT FORMAT PARQUET MANIFEST")
    assert loading("SELECT COUNT(*) FROM t") == [(2,)]
    loading.objects.put("s3://b/m", f'{{"entries":[{entry.replace("part", "nosuch")}]}}')
    assert "The specified key does not exist" in loading.error(
        "COPY t FROM 's3://b/m' IAM_ROLE DEFAULT FORMAT PARQUET MANIFEST"
    )
    assert "Problem reading manifest file" in loading.error(
        "COPY t FROM 's3://b/nosuch' IAM_ROLE DEFAULT FORMAT PARQUET MANIFEST"
    )


@pytest.mark.parametrize(
    "clause", ["FIXEDWIDTH 'a:1'", "FORMAT AVRO 'auto'", "FORMAT ORC", "ENCRYPTED"]
)
def test_what_copy_does_not_compute_is_refused_by_name(loading, clause):
    error = loading.error(f"COPY t FROM 's3://b/x' IAM_ROLE DEFAULT {clause}")
    assert error.startswith("ERROR: COPY with ")
    assert error.endswith("is not emulated")


def test_unload_parquet_and_back(loading):
    loading("INSERT INTO t VALUES (1, 'x', '2020-01-01', 1.5, true), (2, NULL, NULL, NULL, NULL)")
    rows = loading("SELECT * FROM t ORDER BY a")
    assert loading("UNLOAD ('SELECT * FROM t') TO 's3://b/u/' IAM_ROLE DEFAULT FORMAT PARQUET") == 2
    assert [key for _, key in loading.objects.content] == ["u/0000_part_00.parquet"]
    loading("DELETE FROM t")
    loading("COPY t FROM 's3://b/u/' IAM_ROLE DEFAULT FORMAT PARQUET")
    assert loading("SELECT * FROM t ORDER BY a") == rows


def test_unload_text(loading):
    loading("INSERT INTO t VALUES (1, 'x|y', '2020-01-01', 1.5, true), (2, NULL, NULL, NULL, NULL)")
    loading(
        "UNLOAD ($$SELECT a, b, e FROM t ORDER BY a$$) TO 's3://b/u' IAM_ROLE DEFAULT"
        " HEADER ESCAPE NULL AS 'none' PARALLEL OFF"
    )
    assert loading.objects.content["b", "u000"] == b"a|b|e\n1|x\\|y|t\n2|none|none\n"
    assert "is not empty" in loading.error("UNLOAD ('SELECT 1') TO 's3://b/u' IAM_ROLE DEFAULT")
    loading("UNLOAD ('SELECT 1, ''a,b''') TO 's3://b/u' IAM_ROLE DEFAULT CSV CLEANPATH")
    assert loading.objects.content == {("b", "u0000_part_00"): b'1,"a,b"\n'}


def test_unload_by_partition(loading):
    loading("INSERT INTO t VALUES (1, 'x', NULL, NULL, NULL), (2, 'y', NULL, NULL, NULL)")
    loading("UNLOAD ('SELECT a, b FROM t') TO 's3://b/u/' IAM_ROLE DEFAULT CSV PARTITION BY (b)")
    assert loading.objects.content == {
        ("b", "u/b=x/0000_part_00"): b"1\n",
        ("b", "u/b=y/0000_part_00"): b"2\n",
    }


@pytest.fixture
def small_files(monkeypatch):
    """Sizes of UNLOAD in the thousandth part: a megabyte is a kilobyte."""
    monkeypatch.setattr(copy_statements, "MEGABYTE", 1 << 10)
    monkeypatch.setattr(copy_statements, "SMALLEST_FILE", 5 << 10)
    monkeypatch.setattr(unload_text, "GZIP_HELD", 1 << 10)
    monkeypatch.setattr(unloading, "ROW_GROUP_ROWS", 2048)


@pytest.mark.parametrize("form", ["CSV", "CSV GZIP", "FORMAT PARQUET"])
def test_unload_begins_another_file_at_its_largest_size(loading, form, small_files):
    lines = b"".join(b"%d,%032x\n" % (n, n * 7**30 % 2**128) for n in range(5000))
    loading.objects.put("s3://b/p/lines", lines)
    loading("CREATE TABLE many (n INT, m VARCHAR(32))")
    loading("COPY many FROM 's3://b/p/' IAM_ROLE DEFAULT CSV")
    loading.objects.content.clear()
    places = f"TO 's3://b/u/' IAM_ROLE DEFAULT {form}"
    assert loading(f"UNLOAD ('SELECT * FROM many') {places} MAXFILESIZE 40 MB MANIFEST") == 5000
    entries = json.loads(loading.objects.content.pop(("b", "u/manifest")))["entries"]
    sizes = [len(content) for content in loading.objects.content.values()]
    assert [entry["meta"]["content_length"] for entry in entries] == sizes
    assert sum(entry["meta"]["record_count"] for entry in entries) == 5000
    assert len(sizes) > 1
    assert form != "CSV" or max(sizes) <= 40 << 10
    assert [key for _, key in loading.objects.content][1].startswith("u/0000_part_01")
    loading("CREATE TABLE again (n INT, m VARCHAR(32))")
    loading(f"COPY again FROM 's3://b/u/' IAM_ROLE DEFAULT {form}")
    assert loading("SELECT count(*), sum(n) FROM again") == [(5000, 12_497_500)]


def test_unload_of_nothing_is_one_file(loading):
    for form in ("CSV HEADER", "FORMAT PARQUET"):
        query = f"UNLOAD ('SELECT * FROM t') TO 's3://b/{form[:3]}/' IAM_ROLE DEFAULT {form}"
        assert loading(query) == 0
    assert len(loading.objects.content) == 2


def test_unload_refuses_sizes_that_redshift_does_not_take(loading):
    for size in ("4 MB", "7 GB", "1"):
        told = loading.error(
            f"UNLOAD ('SELECT 1') TO 's3://b/u' IAM_ROLE DEFAULT MAXFILESIZE {size}"
        )
        assert "5 MB and 6.2 GB" in told
