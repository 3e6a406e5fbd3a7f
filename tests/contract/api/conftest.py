"""The API as its container runs it, over the emulator: a lake, an endpoint with a trained model, a
warehouse, and processes of the API that are asked over HTTP.
"""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import uuid
from datetime import datetime

import httpx
import numpy as np
import pytest

from models.flight_delay import train
from models.flight_delay.model import FlightDelayModel, Hyperparameters
from pipeline.contracts.features import FEATURES, TEXT, WHOLE
from pipeline.warehouse import load
from tests.contract.sagemaker.programs import IMAGE
from tests.contract.sagemaker.serving import is_gone, variant
from tests.waiting import free_ports, wait_until

STACK = """
Resources:
  Something: {{Type: "AWS::SNS::Topic"}}
Outputs: {outputs}
"""
ROWS = (
    "INSERT INTO dim_airline VALUES ('UA', 'United')",
    "INSERT INTO dim_airport (faa, name) VALUES ('EWR', 'Newark'), ('IAH', 'Houston')",
    """INSERT INTO fact_flights (flight_id, flight_date, carrier, origin, dest, flight,
        scheduled_departure, departure_hour, status, cancelled, departed_at, arrived_at, arr_delay,
        late)
    VALUES ('2013-01-02/UA/7/EWR', '2013-01-02', 'UA', 'EWR', 'IAH', 7, '2013-01-02 10:15:00', 5,
        'arrived', false, '2013-01-02 10:20:00', '2013-01-02 14:00:00', 16, true)""",
)


class Api:
    """A process of the API."""

    def __init__(self, endpoint_url, name, log, **settings):
        (port,) = free_ports(1)
        self.log = log
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT": endpoint_url,
            "AWS_REGION": "us-east-1",
            "PIPELINE_NAME": name,
            **settings,
        }
        command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app"]
        options = [f"--port={port}", "--no-access-log", "--timeout-graceful-shutdown=60"]
        with log.open("wb") as file:
            self.process = subprocess.Popen([*command, *options], stdout=file, env=environment)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120)
        wait_until("the API to be ready", self.is_ready)

    def is_ready(self):
        try:
            return self.http.get("/v1/health/ready").is_success
        except httpx.TransportError:
            return False

    def end(self):
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)


def season(seed):
    """Made-up flights, a third of whose numbers nobody knows."""
    random = np.random.default_rng(seed)
    flights = {}
    for column in FEATURES:
        if column.type == TEXT:
            values = random.choice(["UA", "B6", "EWR", "IAH"], 900).tolist()
        elif column.type == WHOLE:
            values = random.integers(0, 1400, 900).tolist()
        else:
            values = [v if known else None for v, known in random_numbers(random)]
        flights[column.name] = values
    return flights, random.random(900) < np.where(
        np.array(flights["departure_minute"]) > 700, 0.6, 0.2
    )


def random_numbers(random):
    return zip(random.normal(10, 3, 900).tolist(), random.random(900) > 1 / 3, strict=True)


def packed(folder):
    """The archive of a trained model."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, arcname=".")
    return buffer.getvalue()


class Pipeline:
    """The stacks' outputs, and an endpoint that can get another model."""

    def __init__(self, aws, folder, waiting):
        self.aws, self.folder, self.waiting = aws, folder, waiting
        self.name = f"t{uuid.uuid4().hex[:10]}"
        self.sagemaker = aws("sagemaker")
        self.models = []
        aws("s3").create_bucket(Bucket=self.name)

    def stack(self, name, **outputs):
        told = {key: {"Value": value} for key, value in outputs.items()}
        cloudformation = self.aws("cloudformation")
        body = STACK.format(outputs=told)
        cloudformation.create_stack(StackName=f"{self.name}-{name}", TemplateBody=body)
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=f"{self.name}-{name}", WaiterConfig={"Delay": 1})

    def model(self, seed):
        """A really trained model with the code that it needs; its configuration's name."""
        values, late = season(seed)
        fitted = FlightDelayModel.fit(values, late, Hyperparameters(rounds=15, min_samples_leaf=20))
        folder = self.folder / str(seed)
        folder.mkdir()
        fitted.save(folder)
        train.ship_code(folder, train.PACKAGE, train.ENTRY)
        key, name = f"models/{seed}/model.tar.gz", f"{self.name}-{seed}"
        self.aws("s3").put_object(Bucket=self.name, Key=key, Body=packed(folder))
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{self.name}/{key}",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "MODEL_VERSION": str(seed)},
        }
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container)
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant(name)]
        )
        self.models.append(name)
        return name

    def settled(self):
        def at_rest():
            found = self.sagemaker.describe_endpoint(EndpointName=self.name)
            return found if found["EndpointStatus"] in {"InService", "Failed"} else None

        return self.waiting("the endpoint to settle", at_rest, 240)

    def ask(self, flights):
        """The endpoint itself, about what the API has just asked."""
        lines = self.aws("s3").list_objects_v2(Bucket=self.name, Prefix="predictions/")["Contents"]
        newest = max(lines, key=lambda item: item["Key"])["Key"]
        body = self.aws("s3").get_object(Bucket=self.name, Key=newest)["Body"].read()
        instances = [json.loads(line)["features"] for line in body.splitlines()]
        assert len(instances) == len(flights)
        answer = self.aws("sagemaker-runtime").invoke_endpoint(
            EndpointName=self.name,
            ContentType="application/json",
            Body=json.dumps({"instances": instances}),
        )
        return json.loads(answer["Body"].read())["predictions"]

    def remove(self):
        self.settled()
        self.sagemaker.delete_endpoint(EndpointName=self.name)
        self.waiting("the endpoint to go", lambda: is_gone(self.sagemaker, self.name))
        for name in self.models:
            self.sagemaker.delete_endpoint_config(EndpointConfigName=name)
            self.sagemaker.delete_model(ModelName=name)
        for stack in ("storage", "serving"):
            self.aws("cloudformation").delete_stack(StackName=f"{self.name}-{stack}")
        s3 = self.aws("s3")
        for item in s3.list_objects_v2(Bucket=self.name).get("Contents", []):
            s3.delete_object(Bucket=self.name, Key=item["Key"])
        s3.delete_bucket(Bucket=self.name)


@pytest.fixture(scope="module")
def pipeline(aws, tmp_path_factory, waiting):
    """A pipeline whose endpoint serves a model of its own."""
    made = Pipeline(aws, tmp_path_factory.mktemp("models"), waiting)
    made.stack("storage", LakeBucket=made.name)
    made.stack("serving", EndpointName=made.name)
    config = made.model(1)
    made.sagemaker.create_endpoint(EndpointName=made.name, EndpointConfigName=config)
    assert made.settled()["EndpointStatus"] == "InService"
    yield made
    made.remove()


@pytest.fixture(scope="module")
def warehouse(aws, pipeline, waiting):
    """The star schema with one flight in it."""
    serverless, data = aws("redshift-serverless"), aws("redshift-data")
    name = pipeline.name
    serverless.create_namespace(namespaceName=name, dbName="flights")
    serverless.create_workgroup(workgroupName=name, namespaceName=name)

    def available():
        return serverless.get_workgroup(workgroupName=name)["workgroup"]["status"] == "AVAILABLE"

    waiting("the workgroup", available)
    tables = load.statements_in("01_tables.sql", {"staging_columns": "flight_id VARCHAR(64)"})
    sent = data.batch_execute_statement(
        WorkgroupName=name, Database="flights", Sqls=[*tables, *ROWS]
    )["Id"]

    def through():
        found = data.describe_statement(Id=sent)
        assert found["Status"] != "FAILED", found
        return found["Status"] == "FINISHED"

    waiting("the tables", through)
    pipeline.stack("warehouse", WarehouseWorkgroup=name, WarehouseDatabase="flights")
    yield
    aws("cloudformation").delete_stack(StackName=f"{name}-warehouse")
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


@pytest.fixture(scope="module")
def start(endpoint_url, pipeline, tmp_path_factory):
    """Starts processes of the API; ended afterwards."""
    started = []
    folder = tmp_path_factory.mktemp("api")

    def run(**settings):
        log = folder / f"{len(started)}.log"
        started.append(Api(endpoint_url, pipeline.name, log, **settings))
        return started[-1]

    yield run
    for one in started:
        one.end()


@pytest.fixture(scope="module")
def by_endpoint(start):
    return start(API_IDEMPOTENCY_SECONDS="60")


@pytest.fixture(scope="module")
def by_artifact(start):
    return start(API_PREDICTOR="artifact", API_MODEL_SECONDS="0")


@pytest.fixture(scope="module")
def flights():
    """Flights of which more and less is known."""
    random = np.random.default_rng(5)
    numbers = [c.name for c in FEATURES if c.type not in {TEXT, WHOLE}]
    departure = datetime(2013, 3, 15, 6)
    return [
        {
            "carrier": "UA",
            "flight": 1 + number,
            "origin": "EWR",
            "dest": "IAH",
            "scheduled_departure": departure.replace(minute=number).isoformat(),
            **{name: random.normal(10, 3) for name in numbers[: number % len(numbers)]},
        }
        for number in range(60)
    ]
