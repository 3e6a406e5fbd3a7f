"""The warehouse's SQL against its contract, and the loader against a Data API of its own."""

import re
from dataclasses import replace

import pytest

from pipeline.contracts import features
from pipeline.errors import SettingError, StatementFailedError
from pipeline.warehouse.load import FILES, TABLES, Warehouse, load, statements

HERE = Warehouse("wg", "flights", "lake", "arn:aws:iam::000000000000:role/copy")
DIMENSIONS = {
    "dim_airline": "carrier name",
    "dim_airport": "faa name lat lon alt tz dst tzone",
    "dim_plane": "tailnum year type manufacturer model engines seats speed engine",
}


def everything(where=HERE):
    return [sql for name in FILES for sql in statements(where, name)]


def columns(table, where=HERE):
    ddl = next(sql for sql in everything(where) if re.search(rf"CREATE TABLE .*{table} \(", sql))
    body = ddl.split("(\n", 1)[1].rsplit("\n)", 1)[0]
    return [line.split()[0] for line in body.splitlines() if "KEY (" not in line]


def test_staging_has_the_columns_of_the_processed_files_in_their_order():
    assert columns("staging_flights") == [column.name for column in features.COLUMNS]


def test_staging_has_a_column_for_each_that_producers_added():
    wider = replace(HERE, added=("string", "long", "double", "boolean"))
    added = columns("staging_flights", wider)[len(features.COLUMNS) :]
    assert added == ["added_1", "added_2", "added_3", "added_4"]
    assert "added_1  VARCHAR(65535),\n    added_2  BIGINT," in "".join(everything(wider))


@pytest.mark.parametrize("table", DIMENSIONS)
def test_dimensions_have_the_columns_of_their_files(table):
    assert columns(table) == DIMENSIONS[table].split()


def test_no_file_holds_more_than_a_batch_takes():
    assert all(len(statements(HERE, name)) <= 40 for name in FILES)


def test_rows_are_replaced_without_a_statement_that_commits():
    assert not [sql for sql in everything() if sql.startswith(("TRUNCATE", "VACUUM", "ALTER"))]


def test_every_insert_and_copy_has_a_delete_before_it():
    seen = set()
    for sql in everything():
        if found := re.match(r"DELETE FROM (\w+)", sql):
            seen.add(found[1])
        if found := re.match(r"(?:COPY|INSERT INTO) (\w+)", sql):
            assert found[1] in seen


def test_bucket_and_role_are_in_their_places():
    copies = [sql for sql in everything() if sql.startswith("COPY")]
    assert len(copies) == 4
    assert all("'s3://lake/" in sql and f"IAM_ROLE '{HERE.copy_role}'" in sql for sql in copies)


def test_a_bucket_that_is_sql_is_refused():
    with pytest.raises(SettingError, match="neither a bucket's name nor a role's ARN"):
        statements(Warehouse("wg", "db", "x' y", "role"), "02_load.sql")


class DataApi:
    """As much of the Data API as the loader calls."""

    def __init__(self, failing=""):
        self.failing = failing
        self.batches = []
        self.asked = 0

    def batch_execute_statement(self, *, WorkgroupName, Database, Sqls, StatementName):
        self.batches.append(Sqls)
        return {"Id": str(len(self.batches))}

    def execute_statement(self, *, WorkgroupName, Database, Sql):
        return {"Id": "count"}

    def describe_statement(self, *, Id):
        self.asked += 1
        if self.asked % 2:
            return {"Id": Id, "Status": "STARTED"}
        if Id == "count" or not self.failing:
            return {"Id": Id, "Status": "FINISHED"}
        parts = [
            {"Status": "FAILED", "Error": "ERROR: no"} if self.failing in sql else {"Status": "X"}
            for sql in self.batches[-1]
        ]
        failed = any(part["Status"] == "FAILED" for part in parts)
        return {"Id": Id, "Status": "FAILED" if failed else "FINISHED", "SubStatements": parts}

    def get_paginator(self, name):
        assert name == "get_statement_result"
        return self

    def paginate(self, *, Id):
        for number, table in enumerate(TABLES):
            yield {"Records": [[{"stringValue": table}, {"longValue": number}]]}


def test_load_runs_the_files_in_order_and_counts_the_rows():
    api, told = DataApi(), []
    rows = load(api, HERE, lambda *step: told.append(step))
    assert rows == {table: number for number, table in enumerate(TABLES)}
    assert api.batches == [statements(HERE, name) for name in FILES]
    total = len(everything())
    assert [step[0] for step in told] == [*FILES, "rows"]
    assert told[-1] == ("rows", total, total)


def test_load_names_the_statement_that_failed_and_the_reason():
    api = DataApi(failing="COPY dim_plane")
    with pytest.raises(StatementFailedError) as caught:
        load(api, HERE)
    assert re.fullmatch(
        r"Statement 6 of 02_load.sql \(COPY dim_plane FROM .*\) failed: ERROR: no",
        str(caught.value),
    )
    assert len(api.batches) == 2
