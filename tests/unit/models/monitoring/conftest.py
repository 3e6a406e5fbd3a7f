"""Quiet weeks: many flights a day whose features, scores and outcomes are what they were before."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.monitoring import reference
from pipeline.contracts.features import FEATURES, TEXT

FIRST = date(2013, 3, 18)
FLIGHTS_A_DAY = 100


def make_flights(first, days, seed=1, level=0.0):
    """Flights of some days; with another level, every number is so much larger."""
    random = np.random.default_rng(seed)
    size = days * FLIGHTS_A_DAY
    table = {
        "flight_id": [f"{first}/{number}" for number in range(size)],
        "flight_date": [first + timedelta(days=at // FLIGHTS_A_DAY) for at in range(size)],
    }
    for column in FEATURES:
        if column.type == TEXT:
            table[column.name] = random.choice(["AA", "B6", "UA"], size, p=[0.2, 0.3, 0.5])
        else:
            table[column.name] = random.normal(10 + level, 3, size)
    probability = random.beta(2, 6, size)
    return pd.DataFrame(
        {**table, "probability": probability, "late": random.random(size) < probability}
    )


@pytest.fixture(scope="session")
def tested():
    return make_flights(FIRST, 14)


@pytest.fixture(scope="session")
def history():
    return make_flights(FIRST - timedelta(days=42), 42, seed=2)


@pytest.fixture(scope="session")
def baseline(tested, history):
    return reference.build(tested, history, model_version="1", window_days=14)


@pytest.fixture
def window():
    return make_flights(date(2013, 4, 1), 14, seed=3)
