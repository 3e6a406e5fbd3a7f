"""A miniature of AWS behind the API: the operations that it calls, over plain data, refusing as AWS
refuses.
"""

import hashlib
import io
import json
import warnings
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from api.app import create_app
from api.settings import ApiSettings

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here uses.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

OUTPUTS = {
    "storage": {"ArtifactsBucket": "t-artifacts", "LakeBucket": "t-lake"},
    "streaming": {
        "EventStreamName": "t-events",
        "IngestFunctionName": "t-ingest-events",
    },
    "lake": {
        "CatalogDatabase": "t",
        "RawCrawlerName": "t-raw",
        "FlightFeaturesJobName": "t-build-flight-features",
    },
    "warehouse": {"WarehouseWorkgroup": "t", "WarehouseDatabase": "flights"},
    "training": {"TrainingJobPrefix": "t", "ModelPackageGroupName": "t-models"},
    "serving": {"EndpointName": "t"},
    "monitoring": {"MonitorTopicArn": "t-monitor"},
    "delivery": {"DeliveryPipelineName": "t-delivery"},
    "consumers": {"WorkerGroupName": "t-workers", "LeaseTableName": "t-leases"},
    "api": {
        "ApiClusterName": "t",
        "ApiServiceName": "t-api",
        "ApiTargetGroupArn": "arn:targets/t-api",
    },
    "api_gateway": {"ApiId": "a1", "ApiName": "t", "ApiStage": "live"},
}


def refusal(code, message, operation="Operation"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def tag(body):
    """S3's name of a content."""
    return f'"{hashlib.md5(body).hexdigest()}"'


class FakeAWS:
    """`aws("s3")` is a client; everything is one object, because no two services share a name."""

    def __init__(self):
        self.calls = []
        self.down = set()
        self.stacks = {}
        self.objects = {}
        self.metrics = {}
        self.runs = []
        self.tables = {}
        self.statements = []
        self.jobs = []
        self.endpoint = None
        self.packages = {}
        self.flights = {}
        self.results = {}
        self.workers = []
        self.deliveries = []
        self.service = None
        self.targets = []
        self.model = lambda instance: 0.25

    def __call__(self, service):
        if service in self.down:
            raise EndpointConnectionError(endpoint_url=f"http://{service}")
        return self

    def deploy(self, *stacks):
        for stack in stacks or OUTPUTS:
            self.stacks[f"t-{stack}"] = {
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [
                    {"OutputKey": key, "OutputValue": value}
                    for key, value in OUTPUTS[stack].items()
                ],
            }
        if "t-serving" in self.stacks:
            self.endpoint = {
                "EndpointStatus": "InService",
                "EndpointConfigName": "t-config",
                "LastModifiedTime": START,
                "ProductionVariants": [{"VariantName": "live"}],
            }

    def describe_stacks(self, *, StackName):
        if StackName not in self.stacks:
            raise refusal("ValidationError", f"Stack with id {StackName} does not exist")
        return {"Stacks": [self.stacks[StackName]]}

    def describe_stream_summary(self, *, StreamName):
        return {"StreamDescriptionSummary": {"StreamStatus": "ACTIVE", "OpenShardCount": 2}}

    def get_metric_statistics(self, *, Namespace, MetricName, **rest):
        value = self.metrics.get((Namespace, MetricName))
        return {"Datapoints": [] if value is None else [{"Sum": value}]}

    def get_job_runs(self, *, JobName, MaxResults):
        return {"JobRuns": self.runs[:MaxResults]}

    def get_tables(self, *, DatabaseName):
        return {"TableList": [{"Name": "raw_planned"}]}

    def get_crawler(self, *, Name):
        return {"Crawler": {"Name": Name, "State": "READY", "LastCrawl": {"Status": "SUCCEEDED"}}}

    def list_tables(self, *, WorkgroupName, Database, MaxResults):
        system = {"schema": "pg_catalog", "name": "pg_class", "type": "TABLE"}
        ours = [{"schema": "public", "name": name, "type": "TABLE"} for name in self.tables]
        return {"Tables": [system, *ours]}

    def list_statements(self, *, MaxResults):
        return {"Statements": self.statements[::-1][:MaxResults]}

    def execute_statement(self, *, WorkgroupName, Database, Sql, StatementName, Parameters=()):
        self.calls.append(Sql)
        number = str(len(self.statements))
        asked = {item["name"]: item["value"] for item in Parameters}
        statement = {"Id": number, "StatementName": StatementName}
        self.statements.append(statement)
        self.results[number] = self.rows_of(asked)
        return {"Id": number}

    def rows_of(self, asked):
        """One flight of the warehouse, or the rows that its tables have."""
        if "flight_id" in asked:
            row = self.flights.get(asked["flight_id"], {})
            fields = [{"isNull": True} if v is None else {"stringValue": v} for v in row.values()]
            columns = [{"name": name} for name in row]
            return {"ColumnMetadata": columns, "Records": [fields] if row else []}
        return {
            "Records": [
                [{"stringValue": f"public.{name}"}, {"longValue": rows}]
                for name, rows in self.tables.items()
            ]
        }

    def describe_statement(self, *, Id):
        return {"Status": "FINISHED"}

    def get_statement_result(self, *, Id):
        return self.results[Id]

    def list_training_jobs(self, *, NameContains, SortBy, SortOrder, MaxResults):
        return {"TrainingJobSummaries": self.jobs[:MaxResults]}

    def describe_training_job(self, *, TrainingJobName):
        return next(job for job in self.jobs if job["TrainingJobName"] == TrainingJobName)

    def describe_auto_scaling_groups(self, *, AutoScalingGroupNames):
        assert AutoScalingGroupNames == ["t-workers"]
        instances = [
            {"InstanceId": f"i-{number}", "LifecycleState": state}
            for number, state in enumerate(self.workers)
        ]
        return {"AutoScalingGroups": [{"DesiredCapacity": 2, "Instances": instances}]}

    def describe_services(self, *, cluster, services):
        assert (cluster, services) == ("t", ["t-api"])
        return {"services": [self.service] if self.service else []}

    def describe_task_definition(self, *, taskDefinition):
        image = f"host/{taskDefinition.rpartition('/')[2]}:tag"
        return {"taskDefinition": {"containerDefinitions": [{"image": image}]}}

    def describe_target_health(self, *, TargetGroupArn):
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": "10.0.0.1", "Port": 8000}, "TargetHealth": {"State": state}}
                for state in self.targets
            ]
        }

    def list_pipeline_executions(self, *, pipelineName, maxResults):
        assert pipelineName == "t-delivery"
        return {"pipelineExecutionSummaries": self.deliveries[:maxResults]}

    def get_pipeline_state(self, *, name):
        standing = {"pipelineExecutionId": "newest", "status": "Failed"}
        return {"stageStates": [{"stageName": "Gate", "latestExecution": standing}]}

    def register(self, number, **properties):
        """A version of the registry; the newest serves."""
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:model-package/t-models/{number}"
        self.packages[arn] = {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": "Approved",
            "CreationTime": START,
            "InferenceSpecification": {
                "Containers": [{"ModelDataUrl": f"s3://t-artifacts/{number}"}]
            },
            "CustomerMetadataProperties": properties,
        }

    def list_model_packages(self, *, ModelPackageGroupName, SortBy, SortOrder, MaxResults):
        assert (ModelPackageGroupName, SortOrder) == ("t-models", "Descending")
        return {"ModelPackageSummaryList": list(self.packages.values())[::-1][:MaxResults]}

    def describe_model_package(self, *, ModelPackageName):
        return self.packages[ModelPackageName]

    def describe_endpoint_config(self, *, EndpointConfigName):
        return {"ProductionVariants": [{"VariantName": "live", "ModelName": "t-model"}]}

    def describe_model(self, *, ModelName):
        newest = list(self.packages)[-1]
        return {"PrimaryContainer": {"ModelPackageName": newest, "Environment": {}}}

    def describe_endpoint(self, *, EndpointName):
        if self.endpoint is None:
            raise refusal("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return self.endpoint

    def invoke_endpoint(self, *, EndpointName, ContentType, Accept, Body):
        if self.endpoint is None or self.endpoint["EndpointStatus"] != "InService":
            message = f"Endpoint {EndpointName} of account 000000000000 not found."
            raise refusal("ValidationError", message)
        instances = json.loads(Body)["instances"]
        self.calls.append(instances)
        chances = [self.model(instance) for instance in instances]
        answers = [{"probability": chance, "late": chance >= 0.5} for chance in chances]
        body = json.dumps({"predictions": answers}).encode()
        return {"Body": io.BytesIO(body), "InvokedProductionVariant": "live"}

    def put_object(self, *, Bucket, Key, Body, ContentType, IfNoneMatch=None, IfMatch=None):
        before = self.objects.get((Bucket, Key))
        if (IfNoneMatch and before is not None) or (IfMatch and IfMatch != tag(before)):
            message = "At least one of the pre-conditions you specified did not hold"
            raise refusal("PreconditionFailed", message, "PutObject")
        self.objects[Bucket, Key] = Body
        return {}

    def get_object(self, *, Bucket, Key):
        if (Bucket, Key) not in self.objects:
            raise refusal("NoSuchKey", "The specified key does not exist.", "GetObject")
        body = self.objects[Bucket, Key]
        return {"Body": io.BytesIO(body), "ETag": tag(body)}

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket, Prefix, Delimiter="", StartAfter=""):
        keys = sorted(
            key
            for bucket, key in self.objects
            if bucket == Bucket and key.startswith(Prefix) and key > StartAfter
        )
        if Delimiter:
            folders = {
                Prefix + key[len(Prefix) :].partition(Delimiter)[0] + Delimiter for key in keys
            }
            yield {"CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}
            return
        for key in keys:
            yield {"Contents": [{"Key": key, "Size": len(self.objects[Bucket, key])}]}


@pytest.fixture
def cloud():
    return FakeAWS()


@pytest.fixture
def settings():
    return ApiSettings(pipeline_name="t", fresh_seconds=0, patience_seconds=5, query_box=True)


@pytest.fixture
def http(cloud, settings):
    with TestClient(create_app(settings, cloud)) as client:
        yield client


@pytest.fixture
def flight():
    return {
        "carrier": "UA",
        "flight": 1545,
        "origin": "EWR",
        "dest": "IAH",
        "scheduled_departure": "2013-03-15T17:15:00",
    }
