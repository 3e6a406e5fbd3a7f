"""`POST /predict`: what it asks the model, what it answers, what it writes down, how it refuses."""

import io
import json

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from pipeline.contracts.features import FEATURE_NAMES


@pytest.fixture
def deployed(cloud):
    cloud.deploy()
    return cloud


def lines(cloud):
    return [json.loads(line) for body in cloud.objects.values() for line in body.splitlines()]


def failing(code, message, **more):
    def invoke_endpoint(**request):
        raise ClientError({"Error": {"Code": code, "Message": message}, **more}, "InvokeEndpoint")

    return invoke_endpoint


def answering(body):
    return lambda **request: {"Body": io.BytesIO(body), "InvokedProductionVariant": "live"}


def test_one_flight_gets_one_prediction(http, deployed, flight):
    answer = http.post("/predict", json=flight)
    told = answer.json()
    assert answer.status_code == 200
    assert told.pop("prediction_id").endswith("-0")
    assert told.pop("predicted_at")
    assert told == {
        "flight_id": "2013-03-15/UA/1545/EWR",
        "late": False,
        "probability": 0.25,
        "variant": "live",
        "model_version": "",
        "recorded": True,
        "warning": None,
        "features": {
            "given": 5,
            "looked_up": 0,
            "unknown": len(FEATURE_NAMES) - 5,
            "source": "request",
            "as_of": None,
            "warning": None,
        },
        "explanation": None,
    }


def test_model_gets_every_feature_of_the_contract_null_where_unknown(http, deployed, flight):
    http.post("/predict", json={**flight, "distance": 1400, "visib": 2})
    known = {
        "carrier": "UA",
        "origin": "EWR",
        "dest": "IAH",
        "departure_minute": 17 * 60 + 15,
        "day_of_week": 5,
        "distance": 1400,
        "visib": 2.0,
    }
    expected = {name: known.get(name) for name in FEATURE_NAMES}
    assert deployed.calls == [[expected]]
    assert list(deployed.calls[0][0]) == list(FEATURE_NAMES)


@pytest.mark.parametrize(
    ("departure", "minute", "day", "date"),
    [
        ("2013-03-15T17:15:00", 1035, 5, "2013-03-15"),
        ("2013-03-15T21:15:00Z", 1035, 5, "2013-03-15"),
        # Two hours past midnight in UTC is the evening before in New York.
        ("2013-03-16T02:00:00+00:00", 1320, 5, "2013-03-15"),
        ("2013-01-15T14:15:00-08:00", 1035, 2, "2013-01-15"),
    ],
)
def test_departure_is_read_by_the_clock_of_the_origin(
    http, deployed, flight, departure, minute, day, date
):
    answer = http.post("/predict", json={**flight, "scheduled_departure": departure})
    asked = deployed.calls[0][0]
    assert (asked["departure_minute"], asked["day_of_week"]) == (minute, day)
    assert answer.json()["flight_id"] == f"{date}/UA/1545/EWR"


def test_list_gets_a_list_in_its_order(http, deployed, flight):
    deployed.model = lambda instance: instance["origin_overdue"] / 10
    flights = [{**flight, "flight": 1 + count, "origin_overdue": count} for count in (7, 1, 5)]
    answers = http.post("/predict", json=flights).json()
    assert [(item["probability"], item["late"]) for item in answers] == [
        (0.7, True),
        (0.1, False),
        (0.5, True),
    ]
    assert [item["flight_id"].split("/")[2] for item in answers] == ["8", "2", "6"]


def test_every_prediction_of_a_request_is_one_line_of_one_object(http, deployed, flight):
    answers = http.post("/predict", json=[flight, {**flight, "flight": 2}]).json()
    [(bucket, key)] = deployed.objects
    assert bucket == "t-lake"
    assert key.startswith(f"predictions/date={answers[0]['predicted_at'][:10]}/")
    written = lines(deployed)
    assert [line["prediction_id"] for line in written] == [a["prediction_id"] for a in answers]
    assert written[0]["scheduled_departure"] == "2013-03-15T21:15:00Z"
    assert written[0]["features"]["departure_minute"] == 1035


def test_prediction_that_cannot_be_written_is_given_and_says_so(http, deployed, flight):
    def put_object(**request):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")

    deployed.put_object = put_object
    answer = http.post("/predict", json=flight)
    assert (answer.status_code, answer.json()["recorded"]) == (200, False)
    assert "AccessDenied" in answer.json()["warning"]
    assert http.get("/health").json()["unrecorded_predictions"] == 1
    assert http.get("/pipeline").json()["unrecorded"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"carrier": "United"}, "carrier"),
        ({"flight": "1545"}, "flight"),
        ({"flight": 0}, "flight"),
        ({"origin": "SFO"}, "origin"),
        ({"dest": None}, "dest"),
        ({"scheduled_departure": "tomorrow"}, "scheduled_departure"),
        ({"humid": "wet"}, "humid"),
        ({"dest_overdue": 1.5}, "dest_overdue"),
        ({"temprature": 40}, "temprature"),
    ],
)
def test_bad_field_is_named(http, deployed, flight, change, field):
    answer = http.post("/predict", json={**flight, **change})
    told = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["field"] for item in told["fields"]] == [field]
    assert told["detail"].startswith(f"{field}: ")
    assert deployed.calls == []


def test_infinite_feature_is_refused(http, deployed, flight):
    body = json.dumps({**flight, "temp": 1}).replace('"temp": 1', '"temp": 1e999')
    answer = http.post("/predict", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, "temp")


def test_missing_field_is_named(http, deployed, flight):
    del flight["origin"]
    answer = http.post("/predict", json=[flight])
    assert answer.status_code == 422
    assert answer.json()["fields"] == [{"field": "0.origin", "problem": "Field required"}]


@pytest.mark.parametrize("body", ["[]", "{", "3", '"flight"', "null", ""])
def test_body_that_is_no_flight_is_refused(http, deployed, body):
    answer = http.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


def test_too_many_flights_are_refused(http, deployed, settings, flight):
    settings.max_flights = 2
    answer = http.post("/predict", json=[flight] * 3)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "body: 3 flights are more than the 2 of one request"


def test_no_endpoint_is_503_with_the_remedy(http, flight):
    answer = http.post("/predict", json=flight)
    assert answer.status_code == 503
    assert answer.json()["detail"] == (
        "No endpoint named t is in service (Endpoint t of account 000000000000 not found.). "
        "Deploy the pipeline with `make up`, or wait until its serving stack is complete."
    )


def test_model_that_fails_is_502_with_its_own_words(http, deployed, flight):
    deployed.invoke_endpoint = failing(
        "ModelError", "Received 500", OriginalMessage="ValueError: x"
    )
    answer = http.post("/predict", json=flight)
    assert (answer.status_code, answer.json()["detail"]) == (502, "The model failed: ValueError: x")


@pytest.mark.parametrize(
    "body",
    [b"oops", b"[]", b'{"predictions": [{"late": true}]}', b'{"predictions": []}'],
)
def test_answer_that_is_no_prediction_is_502(http, deployed, flight, body):
    deployed.invoke_endpoint = answering(body)
    assert http.post("/predict", json=flight).status_code == 502


@pytest.mark.parametrize("chance", ["NaN", "1.5", "-0.1"])
def test_chance_outside_0_and_1_is_502(http, deployed, flight, chance):
    answer = f'{{"predictions": [{{"probability": {chance}, "late": true}}]}}'
    deployed.invoke_endpoint = answering(answer.encode())
    assert http.post("/predict", json=flight).status_code == 502
    assert deployed.objects == {}


def test_refusal_of_aws_is_503(http, deployed, flight):
    deployed.invoke_endpoint = failing("ThrottlingException", "Rate exceeded")
    answer = http.post("/predict", json=flight)
    assert answer.status_code == 503
    assert "ThrottlingException: Rate exceeded" in answer.json()["detail"]


def test_unreachable_aws_is_503(http, cloud, flight):
    cloud.down.add("sagemaker-runtime")
    answer = http.post("/predict", json=flight)
    assert answer.status_code == 503
    assert "Could not connect" in answer.json()["detail"]


def test_missing_credentials_are_503(http, deployed, flight):
    def invoke_endpoint(**request):
        raise NoCredentialsError

    deployed.invoke_endpoint = invoke_endpoint
    assert http.post("/predict", json=flight).status_code == 503


def test_unknown_path_is_a_problem_too(http):
    answer = http.get("/nothing")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
