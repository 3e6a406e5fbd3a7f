"""A training from channel to archive, its split, its metrics and its gates."""

import json
import logging
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.container.settings import TrainingSettings
from models.flight_delay import dataset, evaluate, train
from models.flight_delay.model import FlightDelayModel
from models.flight_delay.tracking import NoRecord, recorded
from pipeline.contracts.features import LABEL


def settings(channel, folder, tracking_uri=""):
    return TrainingSettings(folder, channel, "a-job", tracking_uri)


def asked(*more):
    return train.arguments(["--test_from", "2013-02-01", "--rounds", "20", *more])


def test_settings_come_from_the_container():
    environment = {"SM_MODEL_DIR": "/m", "SM_CHANNEL_TRAIN": "/c", "TRAINING_JOB_NAME": "j"}
    found = TrainingSettings.from_environment(environment)
    assert [str(found.model_folder), str(found.train_channel)] == ["/m", "/c"]
    assert [found.job_name, found.tracking_uri] == ["j", ""]


def test_flights_without_an_outcome_are_not_read(channel):
    found = dataset.read(channel)
    assert len(found) == 1200
    assert "never" not in set(found["flight_id"])


def test_split_is_in_time(channel):
    parts = dataset.split(dataset.read(channel), date(2013, 2, 1))
    assert parts.train["flight_date"].max() == date(2013, 1, 31)
    assert parts.test["flight_date"].min() == date(2013, 2, 1)
    assert len(parts.train) + len(parts.test) == 1200


def test_split_without_test_flights_says_so(channel):
    with pytest.raises(dataset.UnusableDataError, match="0 flights from 2014-01-01"):
        dataset.split(dataset.read(channel), date(2014, 1, 1))


def test_missing_column_is_named(tmp_path):
    pd.DataFrame({"flight_id": ["x"]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(dataset.UnusableDataError, match="no column arrival_minute, carrier"):
        dataset.read(tmp_path)


def test_training_leaves_everything_that_serving_and_judging_need(channel, tmp_path):
    folder = tmp_path / "model"
    train.train(asked(), settings(channel, folder), NoRecord())
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left >= {
        "model.joblib",
        "evaluation.json",
        "predictions.parquet",
        "code/inference.py",
        "code/models/__init__.py",
        "code/models/container/answers.py",
        "code/models/flight_delay/inference.py",
        "code/pipeline/__init__.py",
        "code/pipeline/contracts/features.py",
    }
    assert not [name for name in left if "__pycache__" in name]


def test_predictions_of_the_archive_are_those_of_its_model(channel, tmp_path):
    folder = tmp_path / "model"
    train.train(asked(), settings(channel, folder), NoRecord())
    test = dataset.split(dataset.read(channel), date(2013, 2, 1)).test
    predictions = pd.read_parquet(folder / "predictions.parquet")
    again = FlightDelayModel.load(folder).probabilities(train.columns(test))
    assert predictions["probability"].tolist() == again.tolist()
    assert predictions["flight_id"].tolist() == test["flight_id"].tolist()


def test_metrics_are_told_one_a_line(channel, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        train.train(asked(), settings(channel, tmp_path / "model"), NoRecord())
    found = json.loads((tmp_path / "model" / "evaluation.json").read_text())
    assert f"auc={found['auc']:.6f};" in caplog.messages
    assert f"test_rows={found['test_rows']};" in caplog.messages
    assert len([line for line in caplog.messages if line.startswith("auc=")]) == 1


def test_same_data_give_the_same_model(channel, tmp_path):
    for name in ("one", "two"):
        train.train(asked(), settings(channel, tmp_path / name), NoRecord())
    one, two = (pd.read_parquet(tmp_path / name / "predictions.parquet") for name in ("one", "two"))
    assert one.equals(two)


def test_misspelled_hyperparameter_ends_the_job(capsys):
    with pytest.raises(SystemExit):
        asked("--learning_rat", "0.1")
    assert "unrecognized arguments: --learning_rat" in capsys.readouterr().err


def test_model_below_its_floor_fails_but_leaves_its_evaluation(channel, tmp_path):
    folder = tmp_path / "model"
    with pytest.raises(evaluate.BelowFloorError, match=r"below minimum_auc 0\.79"):
        train.train(asked("--minimum_auc", "0.79"), settings(channel, folder), NoRecord())
    assert (folder / "evaluation.json").exists()


def test_outcome_among_the_features_fails_as_a_leak(season, tmp_path):
    leaking = season.assign(dep_delay=0, temp=np.where(season[LABEL], 60.0, 10.0))
    leaking.to_parquet(tmp_path / "flights.parquet")
    with pytest.raises(evaluate.LeakSuspectedError, match=r"is above 0\.8: a feature knows"):
        train.train(asked(), settings(tmp_path, tmp_path / "model"), NoRecord())


@pytest.mark.parametrize("auc", [0.73, 0.80])
def test_gates_let_good_models_pass(auc):
    evaluate.judge(auc, minimum_auc=0.73)


def test_metrics_of_known_answers():
    late = np.array([True, False, True, False])
    found = evaluate.metrics(late, np.array([0.9, 0.1, 0.4, 0.6]))
    assert found == {
        "rows": 4,
        "auc": 0.75,
        "pr_auc": pytest.approx(5 / 6),
        "brier": pytest.approx((0.01 + 0.01 + 0.36 + 0.36) / 4),
        "accuracy": 0.5,
        "majority_accuracy": 0.5,
        "actual_late_rate": 0.5,
        "predicted_late_rate": 0.5,
        "calibration": 1.0,
    }


def test_rank_of_one_outcome_is_null():
    found = evaluate.metrics(np.array([False, False]), np.array([0.1, 0.2]))
    assert (found["auc"], found["pr_auc"], found["calibration"]) == (None, None, None)


def test_calibration_bins_hold_every_flight():
    late = np.array([False, True, True])
    assert evaluate.calibration_bins(late, np.array([0.05, 0.95, 1.0])) == [
        {"from": 0.0, "rows": 1, "predicted": 0.05, "actual": 0.0},
        {"from": 0.9, "rows": 2, "predicted": 0.975, "actual": 1.0},
    ]


def test_training_without_a_tracking_server_says_that_it_is_not_recorded(tmp_path, caplog):
    with caplog.at_level(logging.INFO), recorded(settings(tmp_path, tmp_path)) as record:
        assert record.run_id is None
    assert caplog.messages == ["MLFLOW_TRACKING_URI is not set: this training is not recorded"]
