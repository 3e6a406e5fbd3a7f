"""A warehouse with a small table, a data source over it, data sets in both modes: shared, for
QuickSight's tests change none of them.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

ACCOUNT = "000000000000"
ROWS = """
CREATE TABLE trips (day DATE, carrier VARCHAR(4), origin VARCHAR(4), delay INTEGER, late BOOLEAN);
INSERT INTO trips VALUES
('2013-01-01', 'UA', 'EWR', 20, TRUE), ('2013-01-02', 'UA', 'EWR', -5, FALSE),
('2013-01-03', 'B6', 'JFK', 0, FALSE), ('2013-02-01', 'B6', 'JFK', 40, TRUE),
('2013-02-02', 'UA', 'LGA', 7, FALSE), ('2013-02-03', 'DL', 'LGA', NULL, NULL);
CREATE TABLE airlines (code VARCHAR(4), name VARCHAR(32));
INSERT INTO airlines VALUES ('UA', 'United'), ('B6', 'JetBlue');
"""
COLUMNS = [
    {"Name": "day", "Type": "DATETIME"},
    {"Name": "carrier", "Type": "STRING"},
    {"Name": "origin", "Type": "STRING"},
    {"Name": "delay", "Type": "INTEGER"},
    {"Name": "late", "Type": "BIT"},
]


@dataclass
class QuickSight:
    """A client and what every test needs."""

    client: Any
    waiting: Callable
    prefix: str
    workgroup: str
    secret: str
    user: str

    def __call__(self, operation: str, **members: Any) -> dict:
        return getattr(self.client, operation)(AwsAccountId=ACCOUNT, **members)

    def name(self, what: str) -> str:
        return f"{self.prefix}-{what}-{uuid.uuid4().hex[:6]}"

    def arn(self, noun: str, name: str) -> str:
        return f"arn:aws:quicksight:us-east-1:{ACCOUNT}:{noun}/{name}"

    @property
    def host(self) -> str:
        return f"{self.workgroup}.{ACCOUNT}.us-east-1.redshift-serverless.amazonaws.com"

    def redshift(self, **changes: Any) -> dict:
        parameters = {"Host": self.host, "Port": 5439, "Database": "dev", **changes}
        return {"RedshiftParameters": parameters}

    def source(self, name: str, **changes: Any) -> dict:
        """Create a data source and wait for its connection."""
        members = {
            "Name": name,
            "Type": "REDSHIFT",
            "DataSourceParameters": self.redshift(),
            "Credentials": {"SecretArn": self.secret},
        }
        self("create_data_source", DataSourceId=name, **{**members, **changes})
        return self.settled_source(name)

    def settled_source(self, name: str) -> dict:
        def ended() -> dict | None:
            found = self("describe_data_source", DataSourceId=name)["DataSource"]
            return None if found["Status"].endswith("IN_PROGRESS") else found

        return self.waiting(f"the connection of {name}", ended)

    def table(self, name: str = "trips", columns: list | None = None) -> dict:
        return {
            "RelationalTable": {
                "DataSourceArn": self.arn("datasource", f"{self.prefix}-source"),
                "Schema": "public",
                "Name": name,
                "InputColumns": columns or COLUMNS,
            }
        }

    def data_set(self, name: str, mode: str = "DIRECT_QUERY", **changes: Any) -> dict:
        members = {"Name": name, "ImportMode": mode, "PhysicalTableMap": {"trips": self.table()}}
        return self("create_data_set", DataSetId=name, **{**members, **changes})

    def ingested(self, data_set: str, ingestion: str) -> dict:
        def ended() -> dict | None:
            found = self("describe_ingestion", DataSetId=data_set, IngestionId=ingestion)
            status = found["Ingestion"]["IngestionStatus"]
            return found["Ingestion"] if status in {"COMPLETED", "FAILED", "CANCELLED"} else None

        return self.waiting(f"the ingestion of {data_set}", ended)

    def dashboard(self, name: str, definition: dict, **changes: Any) -> dict:
        members = {"Name": name, "Definition": definition, **changes}
        self("create_dashboard", DashboardId=name, **members)
        return self("describe_dashboard", DashboardId=name)["Dashboard"]


@pytest.fixture(scope="session")
def quicksight(aws, waiting) -> Iterator[QuickSight]:
    prefix = f"q{uuid.uuid4().hex[:8]}"
    serverless, data = aws("redshift-serverless"), aws("redshift-data")
    serverless.create_namespace(namespaceName=prefix, dbName="dev", manageAdminPassword=True)
    serverless.create_workgroup(workgroupName=prefix, namespaceName=prefix)
    namespace = serverless.get_namespace(namespaceName=prefix)["namespace"]
    statements = [part.strip() for part in ROWS.split(";") if part.strip()]
    run = data.batch_execute_statement(WorkgroupName=prefix, Database="dev", Sqls=statements)

    def status() -> str | None:
        found = data.describe_statement(Id=run["Id"])["Status"]
        return found if found in {"FINISHED", "FAILED"} else None

    assert waiting("the tables", status) == "FINISHED"
    client = aws("quicksight")
    user = client.register_user(
        AwsAccountId=ACCOUNT,
        Namespace="default",
        IdentityType="QUICKSIGHT",
        UserName=prefix,
        Email=f"{prefix}@example.com",
        UserRole="AUTHOR",
    )["User"]["Arn"]
    secret = namespace["adminPasswordSecretArn"]
    shared = QuickSight(client, waiting, prefix, prefix, secret, user)
    assert shared.source(f"{prefix}-source")["Status"] == "CREATION_SUCCESSFUL"
    shared.data_set(f"{prefix}-trips")
    yield shared
    for one in client.get_paginator("list_dashboards").paginate(AwsAccountId=ACCOUNT):
        for found in one["DashboardSummaryList"]:
            if found["DashboardId"].startswith(prefix):
                shared("delete_dashboard", DashboardId=found["DashboardId"])
    shared("delete_data_set", DataSetId=f"{prefix}-trips")
    shared("delete_data_source", DataSourceId=f"{prefix}-source")
    shared("delete_user", UserName=prefix, Namespace="default")
    serverless.delete_workgroup(workgroupName=prefix)
    serverless.delete_namespace(namespaceName=prefix)


def column(name: str) -> dict:
    return {"DataSetIdentifier": "trips", "ColumnName": name}


def bar(visual: str, category: str, measure: str, **more: Any) -> dict:
    wells = {
        "Category": [{"CategoricalDimensionField": {"FieldId": "c", "Column": column(category)}}],
        "Values": [{"NumericalMeasureField": {"FieldId": "v", "Column": column(measure)}}],
    }
    chart = {"FieldWells": {"BarChartAggregatedFieldWells": wells}, **more}
    return {"BarChartVisual": {"VisualId": visual, "ChartConfiguration": chart}}


def table(visual: str, groups: list[str], values: list[str]) -> dict:
    wells = {
        "GroupBy": [
            {"CategoricalDimensionField": {"FieldId": name, "Column": column(name)}}
            for name in groups
        ],
        "Values": [
            {"NumericalMeasureField": {"FieldId": name, "Column": column(name)}} for name in values
        ],
    }
    chart = {"FieldWells": {"TableAggregatedFieldWells": wells}}
    return {"TableVisual": {"VisualId": visual, "ChartConfiguration": chart}}


@pytest.fixture(scope="session")
def parts():
    """Pieces of definitions: `parts["bar"]`, `parts["table"]`, `parts["column"]`."""
    return {"bar": bar, "table": table, "column": column}


@pytest.fixture(scope="session")
def definition(quicksight):
    """`definition([visuals], CalculatedFields=[...])`: one sheet over the shared data set."""

    def made(visuals: list[dict], sheet: dict | None = None, **more: Any) -> dict:
        arn = quicksight.arn("dataset", f"{quicksight.prefix}-trips")
        return {
            "DataSetIdentifierDeclarations": [{"Identifier": "trips", "DataSetArn": arn}],
            "Sheets": [{"SheetId": "s", "Name": "Sheet", "Visuals": visuals, **(sheet or {})}],
            **more,
        }

    return made


@pytest.fixture(scope="session")
def drawn(endpoint_url):
    """`drawn(dashboard, "visual", parameters={...})`: what the page gets for a visual."""
    import httpx

    def ask(dashboard: str, visual: str, part: str = "draw", **state: Any) -> dict:
        path = f"{endpoint_url}/_terrarium/quicksight/{ACCOUNT}/us-east-1/dashboards/{dashboard}"
        query = {"sheet": "s", "element": visual, "state": json.dumps(state)}
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.get(f"{path}/{part}", params=query).json()

    return ask
