"""The loop's worth: the same flights, once by the first model and once as they were scored."""

import json
from datetime import date

import pandas as pd
import pytest

from models.flight_delay.months import ALL, NothingScoredError, compare, scored
from pipeline.contracts.features import LABEL


def answer(flight, probability, version="1", at="2013-04-01T00:00:00Z"):
    told = {"flight_id": flight, "probability": probability}
    return json.dumps({**told, "model_version": version, "predicted_at": at})


def test_of_two_answers_for_a_flight_the_first_counts(tmp_path):
    (tmp_path / "date=2013-04-02").mkdir()
    later = answer("a", 0.9, "2", "2013-05-01T00:00:00Z")
    (tmp_path / "date=2013-04-02" / "0.jsonl").write_text(f"{later}\n")
    first = f"{answer('a', 0.1)}\n{answer('b', 0.2)}\n"
    (tmp_path / "date=2013-04-02" / "1.jsonl").write_text(first)
    found = scored(tmp_path).set_index("flight_id")
    assert found["probability"].to_dict() == {"a": 0.1, "b": 0.2}


def test_no_answer_at_all_is_said(tmp_path):
    with pytest.raises(NothingScoredError):
        scored(tmp_path)


def test_months_hold_both_models_to_the_same_flights():
    days = [date(2013, 4, 1)] * 4 + [date(2013, 5, 1)] * 4
    flights = pd.DataFrame(
        {
            "flight_date": days,
            LABEL: [False, True] * 4,
            "probability": [0.1, 0.9, 0.2, 0.8] * 2,
            "static": [0.9, 0.1, 0.2, 0.8, 0.1, 0.9, 0.2, 0.8],
            "model_version": ["1"] * 4 + ["2"] * 4,
        }
    )
    found = compare(flights)
    assert list(found) == ["2013-04", "2013-05", ALL]
    # Of four pairs of a late and a punctual flight the first model orders one rightly in April,
    # with one tie of none: 0.8 > 0.2 only.
    assert found["2013-04"]["static"]["auc"] == pytest.approx(0.25)
    assert found["2013-04"]["looped"]["auc"] == found["2013-05"]["static"]["auc"] == 1.0
    assert found[ALL]["versions"] == {"1": 4, "2": 4}
    assert found[ALL]["flights"] == 8
