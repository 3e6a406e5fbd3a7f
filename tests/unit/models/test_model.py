"""Encoding and probabilities: the same in training and serving."""

import numpy as np
import pytest

from models.flight_delay.features import Encoder
from models.flight_delay.model import FlightDelayModel
from models.flight_delay.train import columns
from pipeline.contracts.features import CATEGORIES, FEATURE_NAMES


def values(**given):
    """Two rows of which only the given columns are known."""
    return {name: [None, None] for name in FEATURE_NAMES} | given


def encoded(encoder, name, **given):
    return encoder.encode(values(**given))[:, FEATURE_NAMES.index(name)].tolist()


@pytest.fixture
def encoder():
    known = {name: ["UA", "AA"] for name in CATEGORIES}
    return Encoder().fit(values(**known, temp=[30.0, None], distance=[1400, 200]))


def test_categories_are_numbered_by_name(encoder):
    assert encoded(encoder, "carrier", carrier=["UA", "AA"]) == [1.0, 0.0]


def test_unseen_category_is_unknown_like_null(encoder):
    found = encoded(encoder, "carrier", carrier=["ZZ", None])
    assert np.isnan(found).all()


def test_numbers_keep_64_bits(encoder):
    third = 1 / 3
    assert encoded(encoder, "temp", temp=[third, 2**53 - 1]) == [third, 2**53 - 1]


def test_null_number_is_unknown(encoder):
    assert np.isnan(encoded(encoder, "temp", temp=[None, None])).all()


def test_column_that_training_never_knew_is_0(encoder):
    assert encoded(encoder, "visib", visib=[10.0, None]) == [0.0, 0.0]


def test_only_the_most_frequent_categories_are_learned():
    names = [f"{number:03}" for number in range(300)]
    given = {name: ["AA"] * 600 for name in FEATURE_NAMES} | {"temp": [1.0] * 600}
    numeric = {name: [1.0] * 600 for name in FEATURE_NAMES if name not in CATEGORIES}
    learned = Encoder().fit({**given, **numeric, "dest": names + names[:250] + ["000"] * 50})
    assert sorted(learned.categories["dest"]) == names[:250]


def test_a_row_alone_is_answered_as_among_others(model, season):
    together = model.probabilities(columns(season))
    for position in (0, 7, 1199):
        alone = model.probabilities(columns(season.iloc[[position]]))
        assert alone.tolist() == [together[position]]


def test_plain_values_are_answered_as_a_frame_is(model, season):
    rows = season.head(50)
    plain = {
        name: [None if value != value else value for value in rows[name].tolist()]
        for name in FEATURE_NAMES
    }
    assert model.probabilities(plain).tolist() == model.probabilities(columns(rows)).tolist()


def test_model_survives_saving(model, season, tmp_path):
    model.save(tmp_path)
    loaded = FlightDelayModel.load(tmp_path)
    expected = model.probabilities(columns(season))
    assert loaded.probabilities(columns(season)).tolist() == expected.tolist()
