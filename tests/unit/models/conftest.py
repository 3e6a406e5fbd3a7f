"""A made-up season of flights in which the afternoon is late, and a model trained on it."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from models.flight_delay.model import FlightDelayModel, Hyperparameters
from models.flight_delay.train import columns
from pipeline.contracts.features import FEATURES, LABEL, TEXT, WHOLE


@pytest.fixture(scope="session")
def season():
    """1,200 flights of 40 days from 2013-01-01; a third of the numbers are null."""
    random = np.random.default_rng(7)
    size = 1200
    days = [date(2013, 1, 1) + timedelta(days=number * 40 // size) for number in range(size)]
    minute = random.integers(300, 1400, size)
    flights = {
        "flight_id": [f"{day}/UA/{number}/EWR" for number, day in enumerate(days)],
        "flight_date": days,
        "scheduled_departure": [datetime(day.year, day.month, day.day, 12) for day in days],
    }
    for column in FEATURES:
        if column.type == TEXT:
            flights[column.name] = random.choice(["AA", "B6", "UA"], size)
        elif column.type == WHOLE:
            flights[column.name] = random.integers(0, 50, size)
        else:
            known = random.random(size) > 1 / 3
            flights[column.name] = np.where(known, random.normal(10, 3, size), np.nan)
    late = random.random(size) < np.where(minute > 900, 0.4, 0.2)
    return pd.DataFrame({**flights, "departure_minute": minute, LABEL: late})


@pytest.fixture(scope="session")
def model(season):
    return FlightDelayModel.fit(
        columns(season), season[LABEL].to_numpy(), Hyperparameters(rounds=20, min_samples_leaf=20)
    )


@pytest.fixture
def channel(season, tmp_path):
    """The season as the Spark job writes it, with one flight that never arrived."""
    never = season.head(1).assign(flight_id="never", late=None)
    table = pd.concat([season.astype({LABEL: object}), never.astype({LABEL: object})])
    for month, flights in table.groupby([day.strftime("%Y-%m") for day in table["flight_date"]]):
        folder = tmp_path / "train" / f"month={month}"
        folder.mkdir(parents=True)
        flights.to_parquet(folder / "part-0.parquet", index=False)
    (tmp_path / "train" / "_SUCCESS").touch()
    return tmp_path / "train"
