"""Flights are told as events; every stage holds what the data says, and the model answers for it.

What the data says is counted by `truth.py`, which shares no line with the pipeline.
"""

import io
import json
import re

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.contracts.features import FEATURE_NAMES
from tests.e2e import cloud
from tests.e2e.front_door import FLIGHT

SAME = 1e-9


@pytest.fixture(scope="module")
def training(told):
    (job,) = cloud.training_jobs(told.laptop)
    return job


@pytest.fixture(scope="module")
def model(told, training):
    return cloud.model_files(told.laptop, training)


@pytest.fixture(scope="module")
def flights(told):
    return {row["flight_id"]: row for row in cloud.processed(told.laptop)}


def test_every_event_is_in_the_raw_lake_exactly_once(told):
    assert cloud.raw_ids(told.laptop) == told.truth.event_ids
    assert set(cloud.set_aside(told.laptop).values()) == {0}


def test_catalog_knows_every_folder_of_the_raw_lake(told):
    folders = {key.rpartition("/")[0] for key in cloud.objects(told.laptop, cloud.LAKE, "raw/")}
    glue = told.laptop.aws("glue")
    tables = glue.get_tables(DatabaseName=cloud.NAME)["TableList"]
    partitions = [
        partition["StorageDescriptor"]["Location"]
        for table in tables
        for partition in glue.get_partitions(DatabaseName=cloud.NAME, TableName=table["Name"])[
            "Partitions"
        ]
    ]
    known = {location.removeprefix(f"s3://{cloud.LAKE}/").rstrip("/") for location in partitions}
    assert known == folders


def test_processed_flights_are_the_planned_ones_with_their_outcomes(told, flights):
    assert len(cloud.processed(told.laptop)) == len(told.truth.flights)
    assert {name: row["late"] for name, row in flights.items()} == told.truth.late


def test_warehouse_counts_as_the_data_does(told):
    truth = told.truth.flights
    arrived = truth.arr_delay.notna()
    counted = [len(truth), truth.cancelled.sum(), arrived.sum(), truth.late[arrived].sum()]
    facts = """
        SELECT COUNT(*), SUM(CASE WHEN cancelled THEN 1 ELSE 0 END), COUNT(late),
               SUM(CASE WHEN late THEN 1 ELSE 0 END)
        FROM fact_flights"""
    assert cloud.sql(told.laptop, facts) == [counted]
    carriers = {
        carrier: (len(of), of.cancelled.sum(), of.arr_delay.count(), of.arr_delay.mean())
        for carrier, of in truth.groupby("carrier")
    }
    mart = "SELECT carrier, flights, cancelled, arrived, mean_arr_delay FROM mart_carrier_month"
    found = {row[0]: (*row[1:4], float(row[4])) for row in cloud.sql(told.laptop, mart)}
    assert found == {name: pytest.approx(row, abs=0.005001) for name, row in carriers.items()}
    for mart in ("mart_route", "mart_hour_weather"):
        ((total,),) = cloud.sql(told.laptop, f"SELECT SUM(flights) FROM {mart}")
        assert int(total) == len(truth), mart


def test_endpoint_gives_the_probabilities_of_the_evaluation(told, flights, training, model):
    evaluated = pd.read_parquet(io.BytesIO(model["predictions.parquet"]))
    evaluation = json.loads(model["evaluation.json"])
    truth = told.truth.flights
    tested = truth[truth.arr_delay.notna() & (truth.date >= evaluation["test_from"])]
    assert sorted(evaluated.flight_id) == sorted(tested.id)

    rows = [{name: flights[id_][name] for name in FEATURE_NAMES} for id_ in evaluated.flight_id]
    answers = cloud.ask(told.laptop, rows)
    assert answers == pytest.approx(list(evaluated.probability), abs=SAME)

    some = slice(None, None, len(rows) // 100)
    lines = pd.DataFrame(rows[some], dtype=object).to_csv(header=False, index=False)
    answer = told.laptop.aws("sagemaker-runtime").invoke_endpoint(
        EndpointName=cloud.NAME, ContentType="text/csv", Accept="text/csv", Body=lines
    )
    in_csv = [float(line) for line in answer["Body"].read().splitlines()]
    assert in_csv == pytest.approx(answers[some], abs=SAME)

    auc = roc_auc_score([told.truth.late[id_] for id_ in evaluated.flight_id], answers)
    metrics = {item["MetricName"]: item["Value"] for item in training["FinalMetricDataList"]}
    assert metrics["auc"] == pytest.approx(auc, abs=1e-6)
    assert 0.6 < auc < 0.8


def test_training_is_recorded_in_mlflow(told, training, model):
    evaluation = json.loads(model["evaluation.json"])
    with told.laptop.http(f"{told.laptop.mlflow}/api/2.0/mlflow") as mlflow:
        run = mlflow.get("/runs/get", params={"run_id": evaluation["mlflow_run_id"]}).json()["run"]
        listed = mlflow.get("/artifacts/list", params={"run_id": run["info"]["run_id"]}).json()
    assert run["info"]["status"] == "FINISHED"
    tags = {item["key"]: item["value"] for item in run["data"]["tags"]}
    assert tags["training_job"] == training["TrainingJobName"]
    metrics = {item["key"]: item["value"] for item in run["data"]["metrics"]}
    names = ("auc", "pr_auc", "brier", "accuracy", "calibration")
    assert metrics == {name: pytest.approx(evaluation[name]) for name in names}
    assert [item["path"] for item in listed["files"]] == ["evaluation.json"]
    (key,) = cloud.objects(told.laptop, cloud.ARTIFACTS, "mlflow/")
    assert cloud.body(told.laptop, cloud.ARTIFACTS, key) == model["evaluation.json"]


def test_people_are_answered(told):
    with told.laptop.http(told.laptop.api) as api:
        answer = api.post("/predict", json=FLIGHT).raise_for_status().json()
        assert (answer["flight_id"], answer["recorded"]) == ("2013-03-15/UA/1545/EWR", True)
        newest = api.get("/predictions").raise_for_status().json()[0]
        page = api.get("/").raise_for_status().text
        for path in re.findall(r'(?:src|href)="(/[^"]*)"', page):
            api.get(path).raise_for_status()
        shown = api.get("/pipeline").raise_for_status().json()
    assert newest["prediction_id"] == answer["prediction_id"]
    (probability,) = cloud.ask(told.laptop, [newest["features"]])
    assert answer["probability"] == newest["probability"] == pytest.approx(probability, abs=SAME)
    assert (shown["deployed"], shown["predictions_reason"]) == (True, "")
    stages = {name: stage["state"] for name, stage in shown["stages"].items()}
    loop = {stages.pop(name) for name in ("monitor", "delivery")}
    # They have scored everything, before the night in between or after it.
    assert stages.pop("workers") in {"done", "idle"}
    # The stream never ends, and perhaps nobody has come to the gateway yet.
    assert (stages.pop("rolling"), stages.pop("gateway") in {"done", "idle"}) == ("busy", True)
    assert (set(stages.values()), loop) == ({"done"}, {"absent"}), stages


def test_every_kind_of_work_left_its_log(told, training):
    (run,) = cloud.job_runs(told.laptop)
    ingest = cloud.log(told.laptop, f"/aws/lambda/{cloud.NAME}-ingest-events")
    for word in ("START RequestId:", "END RequestId:", "REPORT RequestId:", "Max Memory Used:"):
        assert word in ingest
    assert "build_flight_features" in cloud.log(told.laptop, "/aws-glue/jobs/error", run["Id"])
    trained = cloud.log(
        told.laptop, "/aws/sagemaker/TrainingJobs", f"{training['TrainingJobName']}/"
    )
    assert re.search(r"\bauc=0\.\d+;", trained)


def test_second_up_changes_nothing(told):
    before = cloud.everything(told.laptop)
    said = told.laptop.tell(told.truth.days)
    assert "unchanged" in said
    assert " created" not in said
    assert cloud.everything(told.laptop) == before
