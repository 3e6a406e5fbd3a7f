"""The Redshift Data API: SQL in, rows or Redshift's words out."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal

GOING_ON = {"SUBMITTED", "PICKED", "STARTED"}


class Warehouse:
    """A workgroup with its Data API client."""

    def __init__(self, client, name, waiting):
        self.client = client
        self.where = {"WorkgroupName": name, "Database": "flights"}
        self.waiting = waiting

    def start(self, *sqls, **members):
        members = self.where | members
        if len(sqls) > 1:
            return self.client.batch_execute_statement(Sqls=list(sqls), **members)["Id"]
        return self.client.execute_statement(Sql=sqls[0], **members)["Id"]

    def ended(self, id_):
        def ask():
            found = self.client.describe_statement(Id=id_)
            return None if found["Status"] in GOING_ON else found

        return self.waiting("the statement", ask, interval=0.02)

    def run(self, *sqls, **members):
        return self.ended(self.start(*sqls, **members))

    def rows(self, sql, **members):
        found = self.run(sql, **members)
        assert found["Status"] == "FINISHED", found.get("Error")
        pages = self.client.get_paginator("get_statement_result").paginate(Id=found["Id"])
        return [
            tuple(None if "isNull" in one else next(iter(one.values())) for one in row)
            for page in pages
            for row in page["Records"]
        ]

    def error(self, *sqls, **members):
        found = self.run(*sqls, **members)
        assert found["Status"] == "FAILED"
        return found["Error"]


@pytest.fixture(scope="module")
def warehouse(aws, waiting):
    serverless = aws("redshift-serverless")
    name = "data-api-contract"
    serverless.create_namespace(namespaceName=name, dbName="flights")
    serverless.create_workgroup(workgroupName=name, namespaceName=name)
    yield Warehouse(aws("redshift-data"), name, waiting)
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


def parquet(**columns):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_fields_have_their_types(warehouse):
    id_ = warehouse.start(
        "SELECT 1 AS i, 2.5::float8 AS f, 1.50 AS n, true AS b, 'x' AS t, NULL AS z,"
        " DATE '2020-01-02' AS d, TIMESTAMP '2020-01-02 03:04:05' AS ts"
    )
    found = warehouse.ended(id_)
    assert (found["Status"], found["HasResultSet"], found["ResultRows"]) == ("FINISHED", True, 1)
    assert found["Duration"] > 0
    assert found["RedshiftPid"] > 0
    answer = warehouse.client.get_statement_result(Id=id_)
    assert answer["Records"] == [
        [
            {"longValue": 1},
            {"doubleValue": 2.5},
            {"stringValue": "1.50"},
            {"booleanValue": True},
            {"stringValue": "x"},
            {"isNull": True},
            {"stringValue": "2020-01-02"},
            {"stringValue": "2020-01-02 03:04:05"},
        ]
    ]
    assert answer["TotalNumRows"] == 1
    metadata = [(one["name"], one["typeName"]) for one in answer["ColumnMetadata"]]
    assert metadata[:5] == [
        ("i", "int4"), ("f", "float8"), ("n", "numeric"), ("b", "bool"), ("t", "varchar"),
    ]  # fmt: skip


def test_metadata_of_table_columns(warehouse, unique):
    warehouse.run(f"CREATE TABLE {unique} (id INT NOT NULL, d DECIMAL(8,2), v VARCHAR(7))")
    id_ = warehouse.run(f"SELECT * FROM {unique}")["Id"]
    assert warehouse.client.get_statement_result(Id=id_)["ColumnMetadata"][0] == {
        "isCaseSensitive": False, "isCurrency": False, "isSigned": True, "label": "id",
        "length": 0, "name": "id", "nullable": 0, "precision": 10, "scale": 0,
        "schemaName": "public", "tableName": unique, "typeName": "int4",
    }  # fmt: skip
    described = warehouse.client.describe_table(**warehouse.where, Schema="public", Table=unique)
    columns = [(one["name"], one["typeName"], one["precision"]) for one in described["ColumnList"]]
    assert columns == [("id", "int4", 10), ("d", "numeric", 8), ("v", "varchar", 7)]


def test_parameters_are_bound_and_never_sql(warehouse, unique):
    warehouse.run(f"CREATE TABLE {unique} (id INT, v VARCHAR(30))")
    values = [{"name": "id", "value": "7"}, {"name": "v", "value": "it's; DROP TABLE x --\\"}]
    insert = warehouse.run(f"INSERT INTO {unique} VALUES (:id, :v)", Parameters=values)
    assert (insert["Status"], insert["ResultRows"]) == ("FINISHED", 1)
    assert insert["QueryParameters"] == values
    rows = warehouse.rows(
        f"SELECT v, ':id' FROM {unique} WHERE id = :id", Parameters=[{"name": "id", "value": "7"}]
    )
    assert rows == [("it's; DROP TABLE x --\\", ":id")]
    code, message = refusal(
        warehouse.client.execute_statement,
        Sql="SELECT 1",
        Parameters=[{"name": "x", "value": "1"}],
        **warehouse.where,
    )
    assert code == "ValidationException"
    assert "unused parameters" in message


def test_pages_hold_every_row_once(warehouse):
    sql = (
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000)"
        " SELECT n, REPEAT('x', 1000) FROM r ORDER BY n"
    )
    found = warehouse.run(sql)
    first = warehouse.client.get_statement_result(Id=found["Id"])
    assert first["NextToken"]
    assert first["TotalNumRows"] == 3000
    assert [row[0] for row in warehouse.rows(sql)] == list(range(1, 3001))
    code, _ = refusal(warehouse.client.get_statement_result, Id=found["Id"], NextToken="nonsense")
    assert code == "ValidationException"


def test_csv_results(warehouse):
    id_ = warehouse.start("SELECT 1, 'a,b', NULL, true", ResultFormat="CSV")
    warehouse.ended(id_)
    answer = warehouse.client.get_statement_result_v2(Id=id_)
    assert answer["Records"] == [{"CSVRecords": '1,"a,b",,true\r\n'}]
    code, _ = refusal(warehouse.client.get_statement_result, Id=id_)
    assert code == "ValidationException"


def test_batch_is_one_transaction_with_results_of_its_parts(warehouse, unique):
    found = warehouse.run(
        f"CREATE TABLE {unique} (a INT)", f"INSERT INTO {unique} VALUES (1), (2)",
        f"SELECT SUM(a) FROM {unique}",
    )  # fmt: skip
    assert found["Status"] == "FINISHED"
    parts = found["SubStatements"]
    assert [part["Id"] for part in parts] == [f"{found['Id']}:{n}" for n in (1, 2, 3)]
    assert [part["ResultRows"] for part in parts] == [0, 2, 1]
    answer = warehouse.client.get_statement_result(Id=parts[2]["Id"])
    assert answer["Records"] == [[{"longValue": 3}]]


def test_batch_that_fails_half_way_leaves_nothing(warehouse, unique):
    found = warehouse.run(
        f"CREATE TABLE {unique} (a INT)", f"INSERT INTO {unique} VALUES ('x')", "SELECT 1"
    )
    assert found["Status"] == "FAILED"
    assert [part["Status"] for part in found["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert found["SubStatements"][1]["Error"] == found["Error"]
    assert found["Error"] == 'ERROR: invalid input syntax for integer: "x"'
    assert f'relation "{unique}" does not exist' in warehouse.error(f"SELECT * FROM {unique}")


def test_the_same_token_is_the_same_statement(warehouse, unique):
    warehouse.run(f"CREATE TABLE {unique} (a INT)")
    ids = {
        warehouse.start(f"INSERT INTO {unique} VALUES (1)", ClientToken=unique) for _ in range(3)
    }
    assert len(ids) == 1
    warehouse.ended(ids.pop())
    assert warehouse.rows(f"SELECT COUNT(*) FROM {unique}") == [(1,)]


def test_lists(warehouse, unique):
    warehouse.run(f"CREATE TABLE {unique} (a INT)", StatementName=f"name-{unique}")
    client, where = warehouse.client, warehouse.where
    assert client.list_databases(**where)["Databases"] == ["flights"]
    assert "public" in client.list_schemas(**where)["Schemas"]
    tables = client.list_tables(**where, SchemaPattern="public", TablePattern=f"{unique[:5]}%")
    assert {"name": unique, "type": "TABLE", "schema": "public"} in tables["Tables"]
    listed = client.list_statements(StatementName=f"name-{unique}", Status="FINISHED")
    assert [one["QueryString"] for one in listed["Statements"]] == [
        f"CREATE TABLE {unique} (a INT)"
    ]


def test_copy_of_parquet_and_unload(warehouse, aws, bucket, unique):
    table = parquet(a=pa.array([1, 2], pa.int32()), b=["x", None])
    for month in (1, 2):
        aws("s3").put_object(Bucket=bucket, Key=f"in/month={month}/part.parquet", Body=table)
    warehouse.run(f"CREATE TABLE {unique} (a INT, b VARCHAR(5))")
    role = "IAM_ROLE 'arn:aws:iam::000000000000:role/copy'"
    copied = warehouse.run(f"COPY {unique} FROM 's3://{bucket}/in/' {role} FORMAT AS PARQUET")
    assert copied["Status"] == "FINISHED", copied
    assert copied["HasResultSet"] is False
    assert warehouse.rows(f"SELECT COUNT(*), SUM(a), COUNT(b) FROM {unique}") == [(4, 6, 2)]
    unload = f"UNLOAD ('SELECT * FROM {unique} ORDER BY a') TO 's3://{bucket}/out/' {role} CSV"
    assert warehouse.run(unload)["Status"] == "FINISHED"
    body = aws("s3").get_object(Bucket=bucket, Key="out/0000_part_00")["Body"].read()
    assert body == b"1,x\n1,x\n2,\n2,\n"


def test_copy_of_a_missing_prefix_or_bucket(warehouse, bucket, unique):
    warehouse.run(f"CREATE TABLE {unique} (a INT)")
    error = warehouse.error(f"COPY {unique} FROM 's3://{bucket}/none/' IAM_ROLE DEFAULT CSV")
    assert error.startswith("ERROR: The specified S3 prefix 'none/' does not exist")
    error = warehouse.error(f"COPY {unique} FROM 's3://{unique}-no/x' IAM_ROLE DEFAULT CSV")
    assert error.startswith("ERROR: S3ServiceException:The specified bucket does not exist")


def test_copy_with_a_bad_row_loads_nothing(warehouse, aws, bucket, unique):
    aws("s3").put_object(Bucket=bucket, Key="rows.csv", Body=b"1\ntwo\n")
    warehouse.run(f"CREATE TABLE {unique} (a INT)")
    error = warehouse.error(f"COPY {unique} FROM 's3://{bucket}/rows.csv' IAM_ROLE DEFAULT CSV")
    assert error.startswith(f"ERROR: Load into table '{unique}' failed.")
    assert warehouse.rows(f"SELECT COUNT(*) FROM {unique}") == [(0,)]
    errors = warehouse.rows(
        "SELECT line_number, column_name, column_value, error_code FROM sys_load_error_detail"
        f" WHERE file_name = 's3://{bucket}/rows.csv'"
    )
    assert errors == [(2, "a", "two", 1207)]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("selct 1", 'ERROR: syntax error at or near "selct"\n  Position: 1'),
        ("SELECT * FROM nosuch", 'ERROR: relation "nosuch" does not exist'),
        ("SELECT 1 / 0", "ERROR: Divide by zero"),
        ("CALL p()", "ERROR: CALL is not emulated"),
    ],
)
def test_failed_statement_has_redshifts_words(warehouse, sql, words):
    found = warehouse.run(sql)
    assert (found["Status"], found["Error"]) == ("FAILED", words)
    assert found["HasResultSet"] is False
    assert refusal(warehouse.client.get_statement_result, Id=found["Id"]) == (
        "ResourceNotFoundException",
        "Query does not have result. Please check query status with DescribeStatement.",
    )


def test_unknown_database_fails_the_statement(warehouse):
    assert warehouse.error("SELECT 1", Database="nosuch") == (
        'FATAL: database "nosuch" does not exist'
    )


def test_cancel(warehouse, unique):
    warehouse.run(
        f"CREATE TABLE {unique} (n INT)",
        f"INSERT INTO {unique} WITH RECURSIVE r(n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 2000) SELECT n FROM r",
    )
    id_ = warehouse.start(
        f"SELECT COUNT(*) FROM {unique} a, {unique} b, {unique} c, {unique} d"
        " WHERE a.n + b.n + c.n + d.n = 7"
    )
    client = warehouse.client
    warehouse.waiting("its start", lambda: client.describe_statement(Id=id_)["Status"] == "STARTED")
    assert client.cancel_statement(Id=id_)["Status"] is True
    assert warehouse.ended(id_)["Status"] == "ABORTED"
    assert refusal(client.cancel_statement, Id=id_) == (
        "ValidationException",
        f"Could not cancel a query that is already in ABORTED state with ID: {id_}",
    )


def test_requests_that_name_nothing_that_is_there(warehouse):
    client = warehouse.client
    no_endpoint = ("ValidationException", "Redshift endpoint doesn't exist in this region.")
    execute = client.execute_statement
    assert refusal(execute, Sql="SELECT 1", Database="d", WorkgroupName="nosuch") == no_endpoint
    assert refusal(execute, Sql="SELECT 1", Database="d", ClusterIdentifier="c") == no_endpoint
    assert refusal(execute, Sql="SELECT 1", Database="d") == (
        "ValidationException",
        "Either ClusterIdentifier, WorkgroupName or SessionId must be provided.",
    )
    unknown = "d9b6c0c9-0747-4bf4-b142-e8883122f766"
    assert refusal(client.describe_statement, Id=unknown) == (
        "ResourceNotFoundException",
        "Query does not exist.",
    )
    code, message = refusal(client.describe_statement, Id="nonsense")
    assert code == "ValidationException"
    assert message.startswith("id must satisfy regex pattern")


@pytest.mark.parametrize("members", [{"WithEvent": True}, {"SessionKeepAliveSeconds": 60}])
def test_what_is_not_computed_is_refused_by_name(warehouse, members):
    with pytest.raises(ClientError) as caught:
        warehouse.start("SELECT 1", **members)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert next(iter(members)) in str(caught.value)
