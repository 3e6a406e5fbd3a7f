"""From the Spark job's requests to a report, with the functions and the job in between."""

import io
import json
import tarfile
from datetime import date

import pandas as pd
import pytest

from models.monitoring import baseline, checks, cloudwatch, job, reference
from models.monitoring.answers import first_answers
from pipeline.contracts.monitoring import VIOLATIONS, Window
from pipeline.handlers import score_flights
from tests.unit.models.monitoring.conftest import make_flights
from tests.unit.pipeline.monitor.cloud import LAKE, Cloud, Context

WINDOW = Window(date(2013, 4, 1), 14)


class Meter:
    """CloudWatch: what was put."""

    def __init__(self):
        self.data = {}

    def put_metric_data(self, *, Namespace, MetricData):
        assert Namespace == "Terrarium/Monitor"
        for datum in MetricData:
            where = tuple(item["Value"] for item in datum["Dimensions"])
            self.data[datum["MetricName"], *where] = datum["Value"]


@pytest.fixture
def cloud(monkeypatch):
    made = Cloud()
    made.services["cloudwatch"] = made.meter = Meter()
    monkeypatch.setenv("ENDPOINT", "t")
    monkeypatch.setenv("LAKE_BUCKET", LAKE)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "t-score-flights")
    monkeypatch.setenv("START_MONITOR_FUNCTION", "t-start-monitor")
    monkeypatch.setattr("pipeline.aws.client", made.services.__getitem__)
    monkeypatch.setattr("pipeline.handlers.monitor.scoring.now", lambda: "2026-01-01T00:00:00Z")
    made.service()
    return made


def put_parquet(cloud, key, frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    cloud.bucket.put_object(Bucket=LAKE, Key=key, Body=buffer.getvalue())


def as_processed(flights):
    """With a distance that the miniature's endpoint answers with."""
    return flights.assign(distance=(flights["probability"] * 10000).round())


def score(cloud, flights):
    """Let the function score them."""
    rows = flights.drop(columns=["probability", "late"]).assign(
        flight_date=[day.isoformat() for day in flights["flight_date"]],
        scheduled_departure="2013-04-01T12:00:00Z",
        score_time="2013-04-01T10:00:00Z",
    )
    rows = rows.astype(object).where(rows.notna(), None)
    cloud.request("2013-04", rows.to_dict("records"))
    score_flights.handler({}, Context())


@pytest.fixture(scope="module")
def built():
    tested = as_processed(make_flights(date(2013, 3, 18), 14))
    history = as_processed(make_flights(date(2013, 2, 4), 42, seed=2))
    return reference.build(tested, history, model_version="1", window_days=14)


@pytest.fixture
def april(cloud, built):
    """A scored window with its truth, and the baseline of version 1."""
    flights = as_processed(make_flights(WINDOW.first, 14, seed=3))
    cloud.bucket.put_json("monitoring/t/baselines/1/reference.json", built.as_json())
    put_parquet(cloud, "processed/flights/month=2013-04/part-0.parquet", flights)
    score(cloud, flights)
    return cloud


def asked(folder):
    given = ["--lake-bucket", LAKE, "--endpoint", "t", "--window", WINDOW.name]
    return [*given, "--output", str(folder)]


def run(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["job", *asked(tmp_path)])
    monkeypatch.setattr(job, "MESSAGE", tmp_path / "message")
    job.main()
    return json.loads((tmp_path / "report.json").read_text())


def test_quiet_window(april, tmp_path, monkeypatch):
    report = run(tmp_path, monkeypatch)
    assert report["outcome"] == "ok"
    assert report["counts"] == {"scored": 1400, "of_other_versions": 0, "not_captured": 0}
    assert report["summary"]["known_outcomes"] == 1400
    assert (tmp_path / "message").read_text() == "Completed: 2013-04-01-14d"
    assert json.loads((tmp_path / VIOLATIONS).read_text()) == {"violations": []}
    assert april.bucket.json("monitoring/t/latest.json")["window"] == WINDOW.name


def test_answers_meet_their_own_flights(april, tmp_path, monkeypatch):
    report = run(tmp_path, monkeypatch)
    flights = as_processed(make_flights(WINDOW.first, 14, seed=3))
    expected = checks.summary(flights.assign(probability=flights["distance"] / 10000))
    assert report["summary"]["auc"] == pytest.approx(expected["auc"], abs=1e-12)
    assert report["summary"]["brier"] == pytest.approx(expected["brier"], abs=1e-12)


def test_metrics_are_of_the_endpoint_its_checks_features_and_slices(april, tmp_path, monkeypatch):
    report = run(tmp_path, monkeypatch)
    data = april.meter.data
    assert data["AUC", "t"] == report["summary"]["auc"]
    assert data["Violations", "t", "Calibration"] == 0
    assert data["FeaturePSI", "t", "temp"] < 0.05
    assert data["AUC", "t", "carrier=UA"] > 0.6
    assert data["ChecksWithTooLittleData", "t"] == 0


def test_violations_are_told_everywhere(april, tmp_path, monkeypatch):
    flights = as_processed(make_flights(WINDOW.first, 14, seed=3)).assign(late=True)
    flights.loc[flights.index % 2 > 0, "late"] = False
    put_parquet(april, "processed/flights/month=2013-04/part-0.parquet", flights)
    report = run(tmp_path, monkeypatch)
    assert report["outcome"] == "violated"
    assert april.meter.data["Violations", "t", "Calibration"] == 1
    assert (tmp_path / "message").read_text().startswith("CompletedWithViolations: Calibration:")
    (first, *_) = json.loads((tmp_path / VIOLATIONS).read_text())["violations"]
    assert set(first) == {"feature_name", "constraint_check_type", "description"}


def test_check_that_cannot_judge_puts_no_number(april, tmp_path, monkeypatch):
    flights = as_processed(make_flights(WINDOW.first, 14, seed=3)).assign(late=None)
    put_parquet(april, "processed/flights/month=2013-04/part-0.parquet", flights)
    assert run(tmp_path, monkeypatch)["outcome"] == "too_little_data"
    assert ("Violations", "t", "Calibration") not in april.meter.data
    assert april.meter.data["Violations", "t", "ScoreDrift"] == 0
    assert april.meter.data["ChecksWithTooLittleData", "t"] == 2


def test_window_without_flights_is_too_little(cloud, tmp_path, monkeypatch):
    report = run(tmp_path, monkeypatch)
    assert (report["outcome"], report["counts"]["scored"]) == ("too_little_data", 0)
    assert (tmp_path / "message").read_text() == "TooLittleData: 2013-04-01-14d"


def test_captures_that_are_gone_are_counted(april, tmp_path, monkeypatch):
    key = next(key for key in april.bucket.objects if key.startswith("captures/"))
    name = april.bucket.json(key)["eventMetadata"]["inferenceId"]
    lost = sum(line["inference_id"] == name for line in april.bucket.lines("scored/t/date="))
    del april.bucket.objects[key]
    report = run(tmp_path, monkeypatch)
    assert report["counts"]["not_captured"] == lost
    assert report["summary"]["flights"] == 1400 - lost


def test_only_the_version_that_answered_last_is_looked_at(april, tmp_path, monkeypatch):
    more = as_processed(make_flights(date(2013, 4, 14), 1, seed=9))
    more["flight_id"] = [f"more/{name}" for name in more["flight_id"]]
    april.endpoint.version = "2"
    monkeypatch.setattr("pipeline.handlers.monitor.scoring.now", lambda: "2026-02-01T00:00:00Z")
    score(april, more)
    with pytest.raises(job.NoBaselineError, match="model version 2 answered and has no baseline"):
        run(tmp_path, monkeypatch)
    kept = april.bucket.json("monitoring/t/baselines/1/reference.json")
    april.bucket.put_json("monitoring/t/baselines/2/reference.json", {**kept, "model_version": "2"})
    report = run(tmp_path, monkeypatch)
    assert report["counts"] == {"scored": 1500, "of_other_versions": 1400, "not_captured": 0}
    assert (report["model_version"], report["outcome"]) == ("2", "too_little_data")


def test_baseline_for_another_width_is_refused(april, tmp_path, monkeypatch):
    kept = april.bucket.json("monitoring/t/baselines/1/reference.json")
    april.bucket.put_json("monitoring/t/baselines/1/reference.json", {**kept, "window_days": 7})
    with pytest.raises(job.OtherWindowError, match="is for windows of 7 days, not of 14"):
        run(tmp_path, monkeypatch)


def test_flight_that_was_asked_for_twice_counts_once():
    lines = [
        {"flight_id": "a", "predicted_at": at, "inference_id": name}
        for at, name in [("2026-01-02", "y"), ("2026-01-01", "x")]
    ]
    assert [line["inference_id"] for line in first_answers(lines)] == ["x"]


def test_files_are_in_model_monitor_s_formats(april, tmp_path, monkeypatch):
    run(tmp_path, monkeypatch)
    statistics = json.loads((tmp_path / "statistics.json").read_text())
    assert statistics["dataset"] == {"item_count": 1400}
    told = {item["name"]: item for item in statistics["features"]}
    carrier, temp = told["carrier"], told["temp"]
    assert carrier["inferred_type"] == "String"
    assert carrier["string_statistics"]["common"] == {"num_present": 1400, "num_missing": 0}
    buckets = carrier["string_statistics"]["distribution"]["categorical"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == 1400
    numbers = temp["numerical_statistics"]
    assert numbers["mean"] == pytest.approx(10, abs=0.3)
    assert len(numbers["distribution"]["kll"]["buckets"]) == 10
    constraints = json.loads((tmp_path / "constraints.json").read_text())
    assert constraints["features"][0]["string_constraints"]["domains"] == ["AA", "B6", "UA"]
    assert constraints["monitoring_config"]["evaluate_constraints"] == "Enabled"


def test_metrics_are_sent_in_batches(cloud):
    cloudwatch.put([cloudwatch.datum(f"M{n}", n, Endpoint="t") for n in range(1200)])
    assert len(cloud.meter.data) == 1200


def test_archive_without_predictions_is_refused(tmp_path):
    with pytest.raises(baseline.UnusableArchiveError, match=r"^the model's archive has no predic"):
        baseline.predictions(packed({"evaluation.json": b"{}"}))


def packed(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def deployed(cloud):
    """A model's archive and the processed flights of its quarter."""
    tested = as_processed(make_flights(date(2013, 3, 18), 14))
    quarter = pd.concat([as_processed(make_flights(date(2013, 1, 1), 76, seed=2)), tested])
    for month, part in quarter.groupby([f"{day:%Y-%m}" for day in quarter["flight_date"]]):
        rows = part.drop(columns="probability")
        put_parquet(cloud, f"processed/flights/month={month}/part-0.parquet", rows)
    buffer = io.BytesIO()
    tested[["flight_id", "flight_date", "late", "probability"]].to_parquet(buffer)
    body = packed({"predictions.parquet": buffer.getvalue()})
    cloud.bucket.put_object(Bucket=LAKE, Key="models/x/output/model.tar.gz", Body=body)
    del cloud.bucket.objects["monitoring/t/service.json"]
    return cloud


def write_baseline(monkeypatch, version="1"):
    uri = f"s3://{LAKE}/models/x/output/model.tar.gz"
    given = ["--lake-bucket", LAKE, "--endpoint", "t", "--model-data", uri]
    monkeypatch.setattr("sys.argv", ["baseline", *given, "--model-version", version])
    baseline.main()


def test_baseline_is_of_the_days_that_tested_the_model(deployed, monkeypatch):
    write_baseline(monkeypatch)
    service = deployed.bucket.json("monitoring/t/service.json")
    assert (service["tested_from"], service["tested_until"]) == ("2013-03-18", "2013-04-01")
    assert service["scored_from"] == "2013-04-01"
    kept = deployed.bucket.json("monitoring/t/baselines/1/reference.json")
    assert sum(kept["score"]["counts"]) == 1400
    assert kept["columns"]["temp"]["limit"] == reference.MAJOR_PSI
    statistics = deployed.bucket.json("monitoring/t/baselines/1/statistics.json")
    assert statistics["dataset"]["item_count"] == 1400


def test_later_model_does_not_change_where_scoring_began(deployed, monkeypatch):
    write_baseline(monkeypatch)
    before = deployed.bucket.json("monitoring/t/service.json")
    deployed.bucket.put_json("monitoring/t/service.json", {**before, "scored_from": "2013-02-01"})
    write_baseline(monkeypatch, "2")
    service = deployed.bucket.json("monitoring/t/service.json")
    assert (service["model_version"], service["scored_from"]) == ("2", "2013-02-01")


def test_tested_flights_that_are_not_processed_are_refused(deployed, monkeypatch):
    deployed.bucket.objects.pop("processed/flights/month=2013-03/part-0.parquet")
    with pytest.raises(baseline.UnusableArchiveError, match="lacks 1400 of 1400 flights"):
        write_baseline(monkeypatch)
