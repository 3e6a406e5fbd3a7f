"""The analyzer: what it reads, how it describes, and what breaks a baseline."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from emulation.compute.monitoring import (
    column_statistics,
    constraints,
    datasets,
    model_quality,
    quality,
    settings,
    sketch,
    violations,
)
from emulation.compute.monitoring.captures import DataError, captures, joined
from emulation.compute.monitoring.columns import columns

ROWS = 500
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def frame(seed=0, shift=0.0):
    chance = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "count": chance.integers(0, 9, ROWS).astype(str),
            "delay": (chance.normal(size=ROWS) + shift).astype(str),
            "origin": chance.choice(["JFK", "LGA"], ROWS),
        }
    )


def check(data, **overrides):
    """The violations of a frame against the baseline of another."""
    before = columns(frame())
    promised = constraints.suggest(before)
    promised["monitoring_config"] = promised["monitoring_config"] | overrides
    now = columns(data)
    baseline = column_statistics.statistics(before)
    broken, distances = violations.find(promised, now, column_statistics.statistics(now), baseline)
    return [(item["feature_name"], item["constraint_check_type"]) for item in broken], distances


def test_statistics_have_the_shape_of_the_user_guide():
    found = column_statistics.statistics(columns(frame()))
    assert found["dataset"] == {"item_count": ROWS}
    count, delay, origin = found["features"]
    assert [item["inferred_type"] for item in (count, delay, origin)] == [
        "Integral",
        "Fractional",
        "String",
    ]
    numbers = delay["numerical_statistics"]
    assert numbers["common"] == {"num_present": ROWS, "num_missing": 0}
    kll = numbers["distribution"]["kll"]
    assert len(kll["buckets"]) == 10
    assert sum(bucket["count"] for bucket in kll["buckets"]) == ROWS
    assert kll["sketch"]["parameters"] == {"c": 0.64, "k": 2048.0}
    texts = origin["string_statistics"]
    assert texts["distinct_count"] == 2
    values = {item["value"] for item in texts["distribution"]["categorical"]["buckets"]}
    assert values == {"JFK", "LGA"}


def test_missing_values_make_a_column_less_complete():
    data = pd.DataFrame({"a": ["1", "", None, "4"], "b": [None] * 4})
    a, b = constraints.suggest(columns(data))["features"]
    assert a["inferred_type"] == "Integral"
    assert 0 < a["completeness"] < 0.5
    assert (b["inferred_type"], b["completeness"]) == ("Unknown", 0.0)


def test_data_like_the_baseline_breaks_nothing():
    broken, distances = check(frame(seed=1))
    assert broken == []
    assert set(distances) == {"count", "delay", "origin"}


def test_shifted_data_drifts():
    broken, distances = check(frame(seed=1, shift=1.0))
    assert broken == [("delay", "baseline_drift_check")]
    assert distances["delay"] > 0.1


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"count": "many"}, ("count", "data_type_check")),
        ({"count": ""}, ("count", "completeness_check")),
        ({"count": "-1"}, ("count", "non_negative_check")),
        ({"origin": "EWR"}, ("origin", "categorical_values_check")),
    ],
)
def test_one_bad_value_breaks_a_promise(change, broken):
    data = frame(seed=1)
    for name, value in change.items():
        data.loc[0, name] = value
    assert check(data)[0] == [broken]


def test_thresholds_forgive():
    data = frame(seed=1)
    data.loc[0, "count"] = "many"
    assert check(data, datatype_check_threshold=0.9)[0] == []
    assert check(frame(shift=1.0), evaluate_constraints="Disabled") == ([], {})


def test_columns_are_the_baselines():
    data = frame(seed=1).rename(columns={"count": "number"})
    assert check(data)[0] == [
        ("Missing columns", "missing_column_check"),
        ("Extra columns", "extra_column_check"),
    ]


def test_sketch_of_many_values_keeps_their_weight_and_their_ranks():
    values = np.random.default_rng(3).normal(size=50_001)
    levels = sketch.levels(values)
    assert sum(len(level) * 2**height for height, level in enumerate(levels)) == 50_001
    assert sum(map(len, levels)) < 2 * sketch.K
    exact = [np.sort(values).tolist()]
    assert sketch.numerical_distance(levels, exact, robust=False) < 0.002


def test_robust_distance_knows_what_chance_does():
    one, other = [[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]]
    assert sketch.numerical_distance(one, other, robust=False) == pytest.approx(1 / 3)
    assert sketch.numerical_distance(one, other, robust=True) == 0.0
    assert sketch.categorical_distance({"a": 3, "b": 1}, {"a": 4}, robust=False) == 0.25


def line(asked, answered, time=NOON, encoding="CSV"):
    data = {
        "endpointInput": {"data": asked, "encoding": encoding},
        "endpointOutput": {"data": answered, "encoding": encoding},
    }
    metadata = {"eventId": "1", "inferenceTime": time.isoformat()}
    return json.dumps({"captureData": data, "eventMetadata": metadata})


def rows(tmp_path, *lines, start=None, end=None):
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    names = ["endpointInput", "endpointOutput"]
    return [row for item in captures(tmp_path, names, start, end) for row in joined(item)]


@pytest.mark.parametrize(
    ("asked", "answered", "encoding", "expected"),
    [
        ("1,2", "0.5", "CSV", [["0.5", "1", "2"]]),
        ("1,2\n3,4\n", "0.5\n0.6\n", "CSV", [["0.5", "1", "2"], ["0.6", "3", "4"]]),
        ("1,2\n3,4", "0.5,0.6", "CSV", [["0.5", "1", "2"], ["0.6", "3", "4"]]),
        ('{"a": {"b": 1}}', '{"p": [0.5]}', "JSON", [{"p_0": 0.5, "a_b": 1}]),
        (
            '[{"a": 1}, {"a": 2}]',
            "[[3], [4]]",
            "JSON",
            [
                {"output_0": 3, "a": 1},
                {"output_0": 4, "a": 2},
            ],
        ),
    ],
)
def test_captured_records_are_answer_then_question(tmp_path, asked, answered, encoding, expected):
    assert rows(tmp_path, line(asked, answered, encoding=encoding)) == expected


def test_captures_are_of_their_time(tmp_path):
    lines = [line("1", str(hour), NOON + timedelta(hours=hour)) for hour in range(3)]
    hour = timedelta(hours=1)
    assert rows(tmp_path, *lines, start=NOON + hour, end=NOON + 2 * hour) == [["1", "1"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("nonsense", "a.jsonl has a line that is not JSON"),
        ("{}", "a.jsonl has a line that is not a capture"),
        (line("1", "2", encoding="BASE64"), "CaptureContentTypeHeader"),
        (line("1\n2\n3", "2\n3"), "3 records in its request and 2 in its answer"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        rows(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "content", "options", "expected"),
    [
        ("csv", "a,b\n1,x\n", {"header": True}, {"a": ["1"], "b": ["x"]}),
        ("csv", "1,x\n", {"header": False}, {"_c0": ["1"], "_c1": ["x"]}),
        ("json", '{"a": {"b": 1}}\n', {"lines": True}, {"a_b": [1]}),
        ("json", '[{"a": 1}]', {"line": False}, {"a": [1]}),
    ],
)
def test_files_of_each_format(tmp_path, name, content, options, expected):
    path = tmp_path / "data"
    path.write_text(content)
    assert datasets.readers(path, name, options).to_dict("list") == expected


def test_captured_cells_get_the_names_of_the_baseline():
    cells = datasets.framed([["1", "2", "3"]])
    assert list(datasets.renamed(cells, ["a", "b"]).columns) == ["a", "b", "_c2"]
    named = pd.DataFrame([{"x": 1}])
    assert list(datasets.renamed(named, ["a"]).columns) == ["x"]


def test_binary_metrics():
    truth = np.array([1, 1, 0, 0])
    found = quality.binary(truth, np.array([1, 0, 0, 0]), np.array([0.9, 0.4, 0.4, 0.1]))
    assert found["confusion_matrix"] == {"0": {"0": 2, "1": 0}, "1": {"0": 1, "1": 1}}
    assert model_quality.plain(found) == {
        "recall": 0.5,
        "precision": 1.0,
        "accuracy": 0.75,
        "true_positive_rate": 0.5,
        "true_negative_rate": 1.0,
        "false_positive_rate": 0.0,
        "false_negative_rate": 0.5,
        "f0_5": pytest.approx(5 / 6),
        "f1": pytest.approx(2 / 3),
        "f2": pytest.approx(5 / 9),
        "auc": 0.875,
    }


def test_metrics_of_numbers_and_of_classes():
    found = quality.regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    assert model_quality.plain(found)["mse"] == pytest.approx(4 / 3)
    assert model_quality.plain(found)["r2"] == pytest.approx(-1.0)
    names = np.array(["a", "a", "b"], dtype=object)
    found = quality.multiclass(names, np.array(["a", "b", "b"], dtype=object))
    assert model_quality.plain(found)["accuracy"] == pytest.approx(2 / 3)
    assert model_quality.plain(found)["weighted_precision"] == pytest.approx(5 / 6)


def test_settings_name_what_is_missing():
    with pytest.raises(KeyError, match="dataset_source"):
        settings.read({"dataset_format": "{}"})
