"""The Data Catalog: databases, tables with versions, partitions, and what is refused."""

import pytest

from tests.contract.refusals import refusal

ROLE = "arn:aws:iam::000000000000:role/glue"


@pytest.fixture
def glue(aws):
    return aws("glue")


@pytest.fixture
def database(glue, unique):
    glue.create_database(DatabaseInput={"Name": unique, "Description": "a lake"})
    yield unique
    glue.delete_database(Name=unique)


@pytest.fixture
def table(glue, database) -> str:
    """A table of flights by month and day."""
    glue.create_table(DatabaseName=database, TableInput=definition("flights"))
    return "flights"


def definition(name: str, *columns: str) -> dict:
    names = columns or ("id", "carrier")
    return {
        "Name": name,
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": "string"} for column in names],
            "Location": f"s3://lake/{name}/",
        },
        "PartitionKeys": [{"Name": "month", "Type": "string"}, {"Name": "day", "Type": "int"}],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
    }


def partition(month: str, day: str) -> dict:
    location = f"s3://lake/flights/month={month}/day={day}/"
    return {
        "Values": [month, day],
        "StorageDescriptor": {
            "Location": location,
            "Columns": [{"Name": "id", "Type": "string"}],
        },
        "Parameters": {"recordCount": "1"},
    }


def test_database_is_kept_in_lower_case_and_forgotten_with_its_tables(glue, unique):
    glue.create_database(DatabaseInput={"Name": unique.upper(), "LocationUri": "s3://lake/"})
    glue.create_table(DatabaseName=unique, TableInput=definition("Flights"))
    found = glue.get_database(Name=unique)["Database"]
    assert (found["Name"], found["LocationUri"]) == (unique, "s3://lake/")
    assert glue.get_table(DatabaseName=unique, Name="FLIGHTS")["Table"]["Name"] == "flights"
    assert unique in [item["Name"] for item in glue.get_databases()["DatabaseList"]]
    glue.update_database(Name=unique, DatabaseInput={"Name": unique, "Description": "new"})
    assert glue.get_database(Name=unique)["Database"]["Description"] == "new"
    glue.delete_database(Name=unique)
    expected = ("EntityNotFoundException", f"Database {unique} not found.")
    assert refusal(glue.get_database, Name=unique) == expected
    assert refusal(glue.get_tables, DatabaseName=unique) == expected
    assert refusal(glue.delete_database, Name=unique) == expected


def test_names_that_are_taken_are_refused(glue, database, table):
    assert refusal(glue.create_database, DatabaseInput={"Name": database}) == (
        "AlreadyExistsException",
        "Database already exists.",
    )
    assert refusal(glue.create_table, DatabaseName=database, TableInput=definition(table)) == (
        "AlreadyExistsException",
        "Table already exists.",
    )


def test_update_of_a_table_leaves_the_old_version(glue, database, table):
    changed = definition(table, "id", "carrier", "late")
    glue.update_table(DatabaseName=database, TableInput=changed)
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    names = [column["Name"] for column in found["StorageDescriptor"]["Columns"]]
    assert (names, found["VersionId"]) == (["id", "carrier", "late"], "1")
    versions = glue.get_table_versions(DatabaseName=database, TableName=table)["TableVersions"]
    assert [version["VersionId"] for version in versions] == ["1", "0"]
    old = glue.get_table_version(DatabaseName=database, TableName=table, VersionId="0")
    assert len(old["TableVersion"]["Table"]["StorageDescriptor"]["Columns"]) == 2
    glue.update_table(DatabaseName=database, TableInput=changed, SkipArchive=True)
    assert (
        len(glue.get_table_versions(DatabaseName=database, TableName=table)["TableVersions"]) == 2
    )


def test_missing_tables_are_told(glue, database):
    missing = ("EntityNotFoundException", "Table nothing not found.")
    assert refusal(glue.get_table, DatabaseName=database, Name="nothing") == missing
    assert refusal(glue.delete_table, DatabaseName=database, Name="nothing") == missing
    errors = glue.batch_delete_table(DatabaseName=database, TablesToDelete=["nothing"])["Errors"]
    assert errors[0]["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"


def test_tables_come_in_pages_and_by_expression(glue, database):
    for name in ("planned", "departed", "arrived", "weather"):
        glue.create_table(DatabaseName=database, TableInput=definition(name))
    pages = glue.get_paginator("get_tables").paginate(
        DatabaseName=database, PaginationConfig={"PageSize": 3}
    )
    sizes = [len(page["TableList"]) for page in pages]
    assert sizes == [3, 1]

    def named(expression: str) -> list[str]:
        found = glue.get_tables(DatabaseName=database, Expression=expression)["TableList"]
        return [item["Name"] for item in found]

    assert named(".*r.*ed") == named("*r*ed") == ["arrived", "departed"]
    assert named("w*") == ["weather"]
    assert named("arriv") == []
    assert refusal(glue.get_tables, DatabaseName=database, NextToken="?") == (
        "InvalidInputException",
        "Invalid continuation token",
    )


def test_partitions_are_created_found_changed_and_deleted(glue, database, table):
    names = {"DatabaseName": database, "TableName": table}
    glue.create_partition(**names, PartitionInput=partition("2013-01", "1"))
    found = glue.get_partition(**names, PartitionValues=["2013-01", "1"])["Partition"]
    assert found["StorageDescriptor"]["Location"] == "s3://lake/flights/month=2013-01/day=1/"
    glue.update_partition(
        **names, PartitionValueList=["2013-01", "1"], PartitionInput=partition("2013-01", "2")
    )
    missing = ("EntityNotFoundException", "Cannot find partition.")
    assert refusal(glue.get_partition, **names, PartitionValues=["2013-01", "1"]) == missing
    glue.delete_partition(**names, PartitionValues=["2013-01", "2"])
    assert glue.get_partitions(**names)["Partitions"] == []
    assert refusal(glue.delete_partition, **names, PartitionValues=["2013-01", "2"]) == missing


def test_batch_of_partitions_answers_for_each(glue, database, table):
    names = {"DatabaseName": database, "TableName": table}
    batch = [partition("2013-01", "1"), partition("2013-01", "1"), {"Values": ["2013-01"]}]
    errors = glue.batch_create_partition(**names, PartitionInputList=batch)["Errors"]
    assert [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in errors] == [
        (["2013-01", "1"], "AlreadyExistsException"),
        (["2013-01"], "InvalidInputException"),
    ]
    wanted = [{"Values": ["2013-01", "1"]}, {"Values": ["2013-01", "9"]}]
    assert len(glue.batch_get_partition(**names, PartitionsToGet=wanted)["Partitions"]) == 1
    errors = glue.batch_delete_partition(**names, PartitionsToDelete=wanted)["Errors"]
    assert [error["PartitionValues"] for error in errors] == [["2013-01", "9"]]


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("month = '2013-01'", ["1", "2", "10"]),
        ("day >= 2 AND day < 10", ["2", "7"]),
        ("day > 7 OR (month='2013-02' and not day = 8)", ["7", "10"]),
        ("day IN (1, 7)", ["1", "7"]),
        ("day not in (1, 7) and month between '2013-01' and '2013-02'", ["2", "10"]),
        ("month LIKE '%-02'", ["7"]),
        ("month <> '2013-01'", ["7"]),
    ],
)
def test_partitions_by_expression(glue, database, table, expression, days):
    names = {"DatabaseName": database, "TableName": table}
    batch = [partition("2013-01", day) for day in ("1", "2", "10")] + [partition("2013-02", "7")]
    glue.batch_create_partition(**names, PartitionInputList=batch)
    found = glue.get_partitions(**names, Expression=expression)["Partitions"]
    assert sorted((item["Values"][1] for item in found), key=int) == days


@pytest.mark.parametrize("expression", ["carrier = 'UA'", "month =", "month = '1' XOR day = 2"])
def test_expression_that_is_none_is_refused(glue, database, table, expression):
    names = {"DatabaseName": database, "TableName": table}
    assert refusal(glue.get_partitions, **names, Expression=expression) == (
        "InvalidInputException",
        f"Unsupported expression '{expression}'",
    )
