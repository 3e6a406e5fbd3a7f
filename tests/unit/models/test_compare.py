"""Two archives, as trainings leave them, asked for the same flights."""

import json
import tarfile
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from models.container.settings import TrainingSettings
from models.flight_delay import ask_archive, compare, train
from models.flight_delay.model import FlightDelayModel
from models.flight_delay.tracking import NoRecord


@pytest.fixture(scope="module")
def channel(season, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flights")
    season.to_parquet(folder / "flights.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def trained(channel, tmp_path_factory):
    """The archive of a training until a day."""

    @cache
    def train_until(day):
        folder = tmp_path_factory.mktemp("model") / day
        asked = train.arguments(["--test_from", day, "--rounds", "5"])
        train.train(asked, TrainingSettings(folder, channel, f"job-{day}", ""), NoRecord())
        return pack(folder)

    return train_until


def pack(folder):
    archive = folder.with_suffix(".tar.gz")
    with tarfile.open(archive, "w:gz") as packed:
        for path in sorted(folder.iterdir()):
            packed.add(path, path.name)
    return archive


def by_hand(folder, flights):
    """What the archive's pickle says, in this process and with this tree's classes."""
    rows = train.columns(pd.read_parquet(flights))
    return FlightDelayModel.load(folder).probabilities(rows) if len(rows["dest"]) else np.array([])


@pytest.fixture
def challenger(trained):
    return trained("2013-01-25")


@pytest.fixture
def champion(trained):
    return trained("2013-01-15")


def report(channel, tmp_path, challenger, champion=None, *more):
    given = ["--flights", channel, "--challenger", challenger, "--output", tmp_path / "told"]
    given += ["--first", "2013-01-25", "--until", "2013-02-05", "--window_flights", "100", *more]
    given += ["--champion", champion] if champion else []
    (work := tmp_path / "work").mkdir()
    return compare.compare(compare.arguments([str(item) for item in given]), work, by_hand)


def test_window_holds_the_flights_of_its_days_only(channel):
    found = compare.window_of(channel, date(2013, 1, 25), date(2013, 2, 5))
    assert (found["flight_date"].min(), found["flight_date"].max()) == (
        date(2013, 1, 25),
        date(2013, 2, 4),
    )


def test_both_models_answer_for_the_same_flights(channel, tmp_path, challenger, champion):
    found = report(channel, tmp_path, challenger, champion)
    flights = compare.window_of(channel, date(2013, 1, 25), date(2013, 2, 5))
    assert found["champion"]["rows"] == found["challenger"]["rows"] == len(flights)
    assert found["champion"]["training_job"] == "job-2013-01-15"
    assert found["challenger"]["trained_until"] == "2013-01-25"
    assert found["outcome"] in {"wins", "loses"}
    assert [rule["name"] for rule in found["rules"]] == [
        "enough",
        "unseen",
        "leak",
        "calibration",
        "slices",
        "gain",
    ]
    json.dumps(found, allow_nan=False)


def test_answers_are_those_of_the_model_itself(channel, tmp_path, challenger):
    found = report(channel, tmp_path, challenger)
    flights = compare.window_of(channel, date(2013, 1, 25), date(2013, 2, 5))
    exact = FlightDelayModel.load(tmp_path / "work" / "challenger").probabilities(
        train.columns(flights)
    )
    by_flight = dict(zip(flights["flight_id"], exact, strict=True))
    assert len(found["known_flights"]) == 5
    for known in found["known_flights"]:
        assert known["probability"] == by_flight[known["flight_id"]]


def test_champion_that_was_trained_on_the_window_is_refused(channel, tmp_path, challenger, trained):
    later = trained("2013-02-01")
    found = report(channel, tmp_path, challenger, later)
    assert found["outcome"] == "loses"
    assert "the champion was trained on the flights before 2013-02-01" in found["reason"]


def test_flights_that_lack_what_a_model_asks_for_are_named():
    with pytest.raises(ask_archive.UnansweredError, match="no dest, origin"):
        list(ask_archive.requests(pd.DataFrame({"carrier": ["UA"]}), ("origin", "carrier", "dest")))


def test_unknown_is_null_in_a_request():
    flights = pd.DataFrame({"carrier": ["UA", None], "temp": [1.5, float("nan")]})
    (body,) = ask_archive.requests(flights, ("carrier", "temp"))
    assert json.loads(body)["instances"] == [
        {"carrier": "UA", "temp": 1.5},
        {"carrier": None, "temp": None},
    ]


def test_empty_window_is_reported_and_no_crash(channel, tmp_path, challenger, champion):
    given = ["--first", "2014-01-25", "--until", "2014-02-05"]
    found = report(channel, tmp_path, challenger, champion, *given)
    assert found["outcome"] == "loses"
    assert "0 flights" in found["reason"]
