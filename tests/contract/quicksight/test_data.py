"""Data sources, data sets, ingestions and refresh schedules."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

TWO = [{"Name": "carrier", "Type": "STRING"}, {"Name": "delay", "Type": "INTEGER"}]


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_data_is_found_by_name_and_owner(quicksight):
    name = quicksight.name("sought")
    actions = ["quicksight:DescribeDataSet", "quicksight:DeleteDataSet"]
    quicksight.data_set(name, Permissions=[{"Principal": quicksight.user, "Actions": actions}])

    def ids(operation: str, answer: str, **given: str) -> list[str]:
        found = quicksight(operation, Filters=[{"Operator": "StringEquals", **given}])[answer]
        return [one.get("DataSetId") or one["DataSourceId"] for one in found]

    owner = {"Name": "DIRECT_QUICKSIGHT_OWNER", "Value": quicksight.user}
    assert ids("search_data_sets", "DataSetSummaries", Name="DATASET_NAME", Value=name) == [name]
    assert ids("search_data_sets", "DataSetSummaries", **owner) == [name]
    source = {"Name": "DATASOURCE_NAME", "Value": f"{quicksight.prefix}-source"}
    assert ids("search_data_sources", "DataSourceSummaries", **source) == [source["Value"]]
    quicksight("delete_data_set", DataSetId=name)


def test_data_source_of_an_unknown_host_fails(quicksight):
    name = quicksight.name("nowhere")
    host = quicksight.host.replace(quicksight.workgroup, "nowhere")

    found = quicksight.source(name, DataSourceParameters=quicksight.redshift(Host=host))

    assert found["Status"] == "CREATION_FAILED"
    assert found["ErrorInfo"]["Type"] == "UNKNOWN_HOST"
    assert host in found["ErrorInfo"]["Message"]


def test_data_source_of_an_unknown_database_fails_and_an_update_mends_it(quicksight):
    name = quicksight.name("database")
    wrong = quicksight.source(name, DataSourceParameters=quicksight.redshift(Database="none"))
    quicksight(
        "update_data_source",
        DataSourceId=name,
        Name=name,
        DataSourceParameters=quicksight.redshift(),
    )

    assert wrong["ErrorInfo"]["Type"] == "GENERIC_SQL_FAILURE"
    assert quicksight.settled_source(name)["Status"] == "UPDATE_SUCCESSFUL"


def test_data_source_with_a_missing_secret_fails(quicksight):
    name = quicksight.name("secret")
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-abcdef"

    found = quicksight.source(name, Credentials={"SecretArn": arn})

    assert (found["Status"], found["ErrorInfo"]["Type"]) == ("CREATION_FAILED", "ACCESS_DENIED")


def test_data_source_twice_is_refused(quicksight):
    with pytest.raises(ClientError) as error:
        quicksight.source(f"{quicksight.prefix}-source")

    assert refused(error) == ("ResourceExistsException", 409)


def test_data_source_of_another_type_is_refused_by_name(quicksight):
    athena = {"AthenaParameters": {"WorkGroup": "primary"}}
    with pytest.raises(ClientError, match="type ATHENA are not emulated") as error:
        quicksight.source("athena", Type="ATHENA", DataSourceParameters=athena)

    assert refused(error)[1] == 501


def test_another_account_is_denied(quicksight):
    with pytest.raises(ClientError) as error:
        quicksight.client.list_data_sets(AwsAccountId="111111111111")

    assert refused(error) == ("AccessDeniedException", 401)


def test_data_set_answers_the_columns_that_its_tables_give(quicksight):
    name = quicksight.name("joined")
    airlines = [{"Name": "code", "Type": "STRING"}, {"Name": "name", "Type": "STRING"}]
    join = {
        "LeftOperand": "l",
        "RightOperand": "r",
        "Type": "LEFT",
        "OnClause": "{carrier} = {code}",
    }
    bad = {"ColumnId": "bad", "ColumnName": "bad", "Expression": "ifelse({delay} > 15, 1, 0)"}
    quicksight.data_set(
        name,
        PhysicalTableMap={
            "trips": quicksight.table(columns=TWO),
            "airlines": quicksight.table("airlines", airlines),
        },
        LogicalTableMap={
            "l": {"Alias": "trips", "Source": {"PhysicalTableId": "trips"}},
            "r": {"Alias": "airlines", "Source": {"PhysicalTableId": "airlines"}},
            "all": {
                "Alias": "all",
                "Source": {"JoinInstruction": join},
                "DataTransforms": [
                    {"CreateColumnsOperation": {"Columns": [bad]}},
                    {"ProjectOperation": {"ProjectedColumns": ["name", "bad"]}},
                ],
            },
        },
    )

    found = quicksight("describe_data_set", DataSetId=name)["DataSet"]

    columns = [(one["Name"], one["Type"]) for one in found["OutputColumns"]]
    assert columns == [("name", "STRING"), ("bad", "INTEGER")]


@pytest.mark.parametrize(
    ("expression", "message", "refusal"),
    [
        (
            "{nothing} + 1",
            "Column nothing is not in the data set",
            ("InvalidParameterValueException", 400),
        ),
        (
            "sumOver({delay}, [{carrier}], PRE_AGG)",
            "Calculated column x: sumOver at PRE_AGG is not computed here",
            ("InternalFailure", 501),
        ),
    ],
)
def test_data_set_whose_expression_is_not_computed_is_refused(
    quicksight, expression, message, refusal
):
    wrong = {"ColumnId": "x", "ColumnName": "x", "Expression": expression}
    logical = {
        "Alias": "a",
        "Source": {"PhysicalTableId": "trips"},
        "DataTransforms": [{"CreateColumnsOperation": {"Columns": [wrong]}}],
    }
    with pytest.raises(ClientError, match=message) as error:
        quicksight.data_set(quicksight.name("wrong"), LogicalTableMap={"a": logical})

    assert refused(error) == refusal


def test_data_set_with_row_level_security_is_refused_by_name(quicksight):
    rules = {
        "Arn": quicksight.arn("dataset", f"{quicksight.prefix}-trips"),
        "PermissionPolicy": "GRANT_ACCESS",
    }
    with pytest.raises(ClientError, match="row-level security") as error:
        quicksight.data_set(quicksight.name("rows"), RowLevelPermissionDataSet=rules)

    assert refused(error)[1] == 501


def test_spice_keeps_its_copy_until_it_is_refreshed(quicksight, aws, waiting):
    name = quicksight.name("spice")
    made = quicksight.data_set(
        name, "SPICE", PhysicalTableMap={"trips": quicksight.table(columns=TWO)}
    )

    first = quicksight.ingested(name, made["IngestionId"])
    again = quicksight("create_ingestion", DataSetId=name, IngestionId="again")
    second = quicksight.ingested(name, "again")

    assert first["IngestionStatus"] == "COMPLETED"
    assert first["RowInfo"] == {"RowsIngested": 6, "RowsDropped": 0, "TotalRowsInDataset": 6}
    assert first["RequestType"] == "INITIAL_INGESTION"
    assert again["Arn"].endswith(f"dataset/{name}/ingestion/again")
    assert second["IngestionSizeInBytes"] > 0
    listed = quicksight("list_ingestions", DataSetId=name)["Ingestions"]
    assert [one["IngestionId"] for one in listed] == ["again", made["IngestionId"]]


def test_ingestion_of_a_missing_table_fails_with_its_name(quicksight):
    name = quicksight.name("missing")
    made = quicksight.data_set(
        name, "SPICE", PhysicalTableMap={"t": quicksight.table("nowhere", TWO)}
    )

    found = quicksight.ingested(name, made["IngestionId"])

    assert found["IngestionStatus"] == "FAILED"
    assert found["ErrorInfo"]["Type"] == "SQL_TABLE_NOT_FOUND"
    assert "nowhere" in found["ErrorInfo"]["Message"]


def test_ingestion_of_a_direct_query_is_refused(quicksight):
    with pytest.raises(ClientError, match="not in SPICE") as error:
        quicksight("create_ingestion", DataSetId=f"{quicksight.prefix}-trips", IngestionId="i")

    assert refused(error) == ("InvalidParameterValueException", 400)


def test_files_in_s3_are_imported_without_the_rows_that_do_not_fit(quicksight, aws, bucket):
    s3, name = aws("s3"), quicksight.name("files")
    s3.put_object(Bucket=bucket, Key="data/a.csv", Body=b"carrier,delay\nUA,5\nB6,many\nDL,\n")
    manifest = {"fileLocations": [{"URIPrefixes": [f"s3://{bucket}/data/"]}]}
    s3.put_object(Bucket=bucket, Key="manifest.json", Body=json.dumps(manifest))
    place = {"ManifestFileLocation": {"Bucket": bucket, "Key": "manifest.json"}}
    source = quicksight.source(name, Type="S3", DataSourceParameters={"S3Parameters": place})
    files = {"DataSourceArn": source["Arn"], "InputColumns": TWO}

    made = quicksight.data_set(name, "SPICE", PhysicalTableMap={"f": {"S3Source": files}})

    found = quicksight.ingested(name, made["IngestionId"])
    assert found["RowInfo"] == {"RowsIngested": 2, "RowsDropped": 1, "TotalRowsInDataset": 2}


def test_refresh_schedule_imports_when_it_is_due(quicksight, waiting):
    name = quicksight.name("schedule")
    tables = {"trips": quicksight.table(columns=TWO)}
    made = quicksight.data_set(name, "SPICE", PhysicalTableMap=tables)
    quicksight.ingested(name, made["IngestionId"])
    quicksight(
        "create_refresh_schedule",
        DataSetId=name,
        Schedule={
            "ScheduleId": "soon",
            "RefreshType": "FULL_REFRESH",
            "ScheduleFrequency": {"Interval": "HOURLY"},
            "StartAfterDateTime": datetime.now(UTC) + timedelta(seconds=1),
        },
    )

    def scheduled() -> list[dict]:
        listed = quicksight("list_ingestions", DataSetId=name)["Ingestions"]
        return [one for one in listed if one["RequestSource"] == "SCHEDULED"]

    (found,) = waiting("the schedule", scheduled)
    assert quicksight.ingested(name, found["IngestionId"])["IngestionStatus"] == "COMPLETED"
    quicksight("delete_refresh_schedule", DataSetId=name, ScheduleId="soon")
    assert quicksight("list_refresh_schedules", DataSetId=name)["RefreshSchedules"] == []


def test_weekly_schedule_without_a_day_is_refused(quicksight):
    name = quicksight.name("weekly")
    quicksight.data_set(name, "SPICE")
    schedule = {"ScheduleId": "w", "RefreshType": "FULL_REFRESH"}
    with pytest.raises(ClientError, match="DayOfWeek") as error:
        quicksight(
            "create_refresh_schedule",
            DataSetId=name,
            Schedule={**schedule, "ScheduleFrequency": {"Interval": "WEEKLY"}},
        )

    assert refused(error) == ("InvalidParameterValueException", 400)


def test_permissions_of_nobody_are_refused(quicksight):
    nobody = quicksight.arn("user", "default/nobody")
    grant = [{"Principal": nobody, "Actions": ["quicksight:DescribeDataSet"]}]
    with pytest.raises(ClientError, match="is not a user of this account"):
        quicksight.data_set(quicksight.name("nobody"), Permissions=grant)


def test_permissions_that_a_data_set_does_not_have_are_refused(quicksight):
    grant = [{"Principal": quicksight.user, "Actions": ["quicksight:QueryDashboard"]}]
    with pytest.raises(ClientError, match="unsupported permission sets") as error:
        quicksight.data_set(quicksight.name("foreign"), Permissions=grant)

    assert refused(error) == ("InvalidParameterValueException", 400)
