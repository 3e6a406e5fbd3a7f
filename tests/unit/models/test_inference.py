"""What the endpoint answers, and what it refuses with which words."""

import json

import pytest

from models.container.answers import Refusal, RequestRefusedError
from models.flight_delay.inference import CSV, JSON, model_fn, transform_fn
from models.flight_delay.train import columns
from pipeline.contracts.features import FEATURE_NAMES


def answered(model, body, sent=JSON, accept=JSON):
    """The answer's text and type, or the refusal's."""
    answer = transform_fn(model, body, sent, accept)
    if not isinstance(answer, Refusal):
        return answer
    told = []
    body = answer({}, lambda status, headers: told.append((status, dict(headers))))
    (status, headers), text = told[0], b"".join(body).decode()
    assert headers == {"Content-Type": "text/plain", "Content-Length": str(len(text.encode()))}
    return status, text


def instances(*rows):
    return json.dumps({"instances": list(rows)})


def test_json_is_answered_in_json(model, season):
    rows = season.head(3)
    body = rows[list(FEATURE_NAMES)].to_json(orient="records", double_precision=15)
    text, kind = answered(model, instances(*json.loads(body)))
    predictions = json.loads(text)["predictions"]
    expected = model.probabilities(columns(rows))
    assert kind == JSON
    assert [item["probability"] for item in predictions] == pytest.approx(expected, abs=1e-12)
    assert [item["late"] for item in predictions] == (expected >= 0.5).tolist()


def test_csv_is_answered_in_csv_and_equals_json(model):
    row = dict.fromkeys(FEATURE_NAMES) | {"carrier": "UA", "departure_minute": 1000, "temp": 1 / 3}
    line = ",".join("" if value is None else str(value) for value in row.values())
    text, kind = answered(model, f"{line}\n{line}\n", CSV)
    alone = json.loads(answered(model, instances(row))[0])["predictions"][0]["probability"]
    assert kind == CSV
    assert [float(number) for number in text.splitlines()] == [alone, alone]


def test_json_is_answered_in_csv_when_asked(model):
    text, kind = answered(model, instances({}), accept="text/csv; charset=utf-8")
    assert kind == CSV
    assert 0 < float(text) < 1


def test_left_out_features_are_null(model):
    nulls = dict.fromkeys(FEATURE_NAMES)
    assert answered(model, instances({})) == answered(model, instances(nulls))


def test_no_instances_have_no_predictions(model):
    assert answered(model, instances()) == ('{"predictions": []}', JSON)


def test_bytes_are_read_like_text(model):
    assert answered(model, instances({}).encode()) == answered(model, instances({}))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (instances({}, {"dep_delay": 3}), "instances[1] has an unknown field dep_delay"),
        (
            instances({"distance": "far"}),
            'instances[0]: distance must be a whole number or null, not "far"',
        ),
        (
            instances({"distance": 1.5}),
            "instances[0]: distance must be a whole number or null, not 1.5",
        ),
        (instances({"temp": True}), "instances[0]: temp must be a number or null, not true"),
        (instances({"carrier": 7}), "instances[0]: carrier must be a text or null, not 7"),
        (instances(3), "instances[0] must be an object"),
        ('{"instances": 3}', "instances must be a list of objects"),
        ("[]", 'the body must be {"instances": [...]} and nothing else'),
        (
            '{"instances": [], "threshold": 1}',
            'the body must be {"instances": [...]} and nothing else',
        ),
        ("{", "the body is not JSON: Expecting property name enclosed in double quotes"),
        (
            '{"instances": [{"temp": NaN}]}',
            "the body is not JSON: NaN is not a JSON number; null is unknown",
        ),
        (
            '{"instances": [{"temp": 1e999}]}',
            "instances[0]: temp must be a number or null, not Infinity",
        ),
        (b"\xff", "the body is not UTF-8"),
    ],
)
def test_bad_json_is_refused_by_name(model, body, sentence):
    status, text = answered(model, body)
    assert status == "400 Bad Request"
    assert text.startswith(sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("1,2", "line 1 has 2 values, the features are 43"),
        (
            ",".join(FEATURE_NAMES),
            'line 1: distance must be a whole number or null, not "distance"',
        ),
        ("," * 41 + "\n", "line 1 has 42 values, the features are 43"),
        ("," * 41 + ",nan\n", "line 1: visib must be a number or null, not NaN"),
        ('"', "the body is not CSV"),
    ],
)
def test_bad_csv_is_refused_by_line(model, body, sentence):
    status, text = answered(model, body, CSV)
    assert (status, text.startswith(sentence)) == ("400 Bad Request", True)


def test_server_that_takes_only_bytes_gets_the_sentence_as_an_error(model):
    refusal = transform_fn(model, "{}", JSON, JSON)
    with pytest.raises(RequestRefusedError, match="and nothing else"):
        bytes(refusal)


def test_unknown_content_type_is_415(model):
    expected = "415 Unsupported Media Type", f"content type image/png is not {JSON} or {CSV}"
    assert answered(model, "", "image/png") == expected


def test_unknown_accept_is_406(model):
    expected = "406 Not Acceptable", f"accept image/png is not {JSON} or {CSV}"
    assert answered(model, instances({}), accept="image/png") == expected


def test_model_is_loaded_from_its_folder(model, tmp_path):
    model.save(tmp_path)
    assert answered(model_fn(str(tmp_path)), instances({})) == answered(model, instances({}))


def test_answer_says_which_version_serves(model, monkeypatch):
    monkeypatch.setenv("MODEL_VERSION", "7")
    answer, _ = transform_fn(model, '{"instances": [{}]}', JSON, JSON)
    assert json.loads(answer).keys() == {"predictions", "model_version"}
    assert json.loads(answer)["model_version"] == "7"
