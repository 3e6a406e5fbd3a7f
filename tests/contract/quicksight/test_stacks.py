"""QuickSight's types in CloudFormation: made, changed, replaced, deleted, failed with a reason."""

import json

import pytest
from botocore.exceptions import ClientError

DONE = ("COMPLETE", "FAILED")


@pytest.fixture
def stack(aws, waiting):
    """`stack(name, resources)` creates or updates it; its status and the reason of its failure."""
    cloudformation, made = aws("cloudformation"), []

    def put(name: str, resources: dict, outputs: dict | None = None) -> dict:
        body = json.dumps({"Resources": resources, "Outputs": outputs or {}})
        call = cloudformation.update_stack if name in made else cloudformation.create_stack
        made.append(name)
        call(StackName=name, TemplateBody=body)

        def ended() -> dict | None:
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        found = waiting(f"the stack {name}", ended)
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            event.get("ResourceStatusReason", "")
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]
        told = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        return {"status": found["StackStatus"], "reasons": reasons, "outputs": told}

    yield put
    for name in dict.fromkeys(made):
        cloudformation.delete_stack(StackName=name)


def source(quicksight, name: str, **changes) -> dict:
    return {
        "Type": "AWS::QuickSight::DataSource",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSourceId": name,
            "Name": name,
            "Type": "REDSHIFT",
            # Texts where the API wants numbers, as templates have them.
            "DataSourceParameters": quicksight.redshift(Port="5439", **changes),
            "Credentials": {"SecretArn": quicksight.secret},
        },
    }


def dashboard(name: str, arn: object, column: str) -> dict:
    def of(what: str) -> dict:
        return {"DataSetIdentifier": "trips", "ColumnName": what}

    wells = {
        "Category": [{"CategoricalDimensionField": {"FieldId": "c", "Column": of(column)}}],
        "Values": [{"NumericalMeasureField": {"FieldId": "v", "Column": of("delay")}}],
    }
    chart = {"FieldWells": {"BarChartAggregatedFieldWells": wells}}
    visual = {"BarChartVisual": {"VisualId": "b", "ChartConfiguration": chart}}
    return {
        "Type": "AWS::QuickSight::Dashboard",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DashboardId": name,
            "Name": name,
            "Definition": {
                "DataSetIdentifierDeclarations": [{"Identifier": "trips", "DataSetArn": arn}],
                "Sheets": [{"SheetId": "s", "Name": "Sheet", "Visuals": [visual]}],
            },
        },
    }


def data_set(quicksight, name: str, table: str = "trips") -> dict:
    tables = {"trips": quicksight.table(table)}
    tables["trips"]["RelationalTable"]["DataSourceArn"] = {"Fn::GetAtt": ["Source", "Arn"]}
    return {
        "Type": "AWS::QuickSight::DataSet",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            "DataSetId": name,
            "Name": name,
            "ImportMode": "SPICE",
            "PhysicalTableMap": tables,
        },
    }


def test_stack_makes_changes_and_deletes_all_types(quicksight, stack, drawn, aws, waiting):
    name = quicksight.name("stack")
    arn = {"Fn::GetAtt": ["Trips", "Arn"]}
    resources = {
        "Source": source(quicksight, name),
        "Trips": data_set(quicksight, name),
        "Hourly": {
            "Type": "AWS::QuickSight::RefreshSchedule",
            "DependsOn": "Trips",
            "Properties": {
                "AwsAccountId": {"Ref": "AWS::AccountId"},
                "DataSetId": name,
                "Schedule": {
                    "ScheduleId": "hourly",
                    "RefreshType": "FULL_REFRESH",
                    "ScheduleFrequency": {"Interval": "HOURLY"},
                },
            },
        },
        "Board": dashboard(name, arn, "carrier"),
    }
    first = stack(name, resources, {"Board": {"Value": {"Ref": "Board"}}})
    before = {mark["_c"] for mark in drawn(name, "b")["spec"]["data"]["values"]}

    changed = stack(name, {**resources, "Board": dashboard(name, arn, "origin")})

    after = {mark["_c"] for mark in drawn(name, "b")["spec"]["data"]["values"]}
    assert first["status"] == "CREATE_COMPLETE", first["reasons"]
    assert first["outputs"] == {"Board": f"000000000000|{name}"}
    assert changed["status"] == "UPDATE_COMPLETE", changed["reasons"]
    assert (before, after) == ({"UA", "B6", "DL"}, {"EWR", "JFK", "LGA"})
    aws("cloudformation").delete_stack(StackName=name)
    waiting("the end", lambda: gone(quicksight, name))
    listed = quicksight("list_data_sources")["DataSources"]
    assert name not in {one["DataSourceId"] for one in listed}


def gone(quicksight, name: str) -> bool:
    try:
        quicksight("describe_data_source", DataSourceId=name)
    except ClientError as error:
        return error.response["Error"]["Code"] == "ResourceNotFoundException"
    return False


def test_another_id_replaces_a_data_source(quicksight, stack):
    name = quicksight.name("replace")
    stack(name, {"Source": source(quicksight, name)})

    stack(name, {"Source": source(quicksight, f"{name}-2")})

    assert gone(quicksight, name)
    assert quicksight.settled_source(f"{name}-2")["Status"] == "CREATION_SUCCESSFUL"


def test_source_without_a_connection_fails_its_stack(quicksight, stack):
    name = quicksight.name("fails")

    found = stack(name, {"Source": source(quicksight, name, Database="none")})

    assert found["status"] == "ROLLBACK_COMPLETE"
    assert any('database "none" does not exist' in reason for reason in found["reasons"])


def test_failed_import_fails_its_stack(quicksight, stack):
    name = quicksight.name("import")
    resources = {
        "Source": source(quicksight, name),
        "Trips": data_set(quicksight, name, "nowhere"),
    }

    found = stack(name, resources)

    assert found["status"] == "ROLLBACK_COMPLETE"
    assert any("Ingestion failed: SQL_TABLE_NOT_FOUND" in reason for reason in found["reasons"])


def test_mistake_in_a_definition_fails_its_stack(quicksight, stack):
    name = quicksight.name("mistaken")
    arn = quicksight.arn("dataset", f"{quicksight.prefix}-trips")

    found = stack(name, {"Board": dashboard(name, arn, "nothing")})

    assert found["status"] == "ROLLBACK_COMPLETE"
    assert any("Required column 'nothing' is missing" in reason for reason in found["reasons"])
