"""The OpenAPI document: whole, and true of the running app: its examples are asked and answered."""

import pytest
from jsonschema import Draft202012Validator

from pipeline.contracts.features import FEATURE_NAMES

ALIASES = {"/predict", "/predictions", "/pipeline", "/health"}
CONSOLE = {"/v1/events", "/v1/console", "/v1/console/logs", "/v1/console/query"}
PROBLEM = "application/problem+json"


@pytest.fixture
def document(http):
    return http.get("/openapi.json").json()


@pytest.fixture
def conforms(document):
    """Whether a value is what a schema of the document says."""

    def check(schema, value):
        whole = {**schema, "components": document["components"]}
        errors = Draft202012Validator(whole).iter_errors(value)
        assert [f"{error.json_path}: {error.message}" for error in errors] == []

    return check


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contents(operation):
    """Status, media type and what is said of it, of every answer."""
    for status, response in operation["responses"].items():
        for media, content in response.get("content", {}).items():
            yield status, media, content


def examples(content):
    named = [item["value"] for item in content.get("examples", {}).values()]
    return named + ([content["example"]] if "example" in content else [])


def test_every_route_is_told_with_its_refusals(document):
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation.get("deprecated", False) is (path in ALIASES), where
        assert "500" in operation["responses"], where
        for status, media, _ in contents(operation):
            # Health says how it is, whatever the status.
            wrong = int(status) >= 400 and "health" not in path
            assert (media == PROBLEM) is (wrong or status == "500"), f"{where} {status}"


def test_examples_are_what_the_schemas_say(document, conforms):
    seen = 0
    for method, path, operation in operations(document):
        for status, _media, content in contents(operation):
            found = examples(content)
            needed = path.startswith("/v1") and path not in CONSOLE
            assert found or not needed, f"{method} {path} {status} has no example"
            for value in found:
                conforms(content["schema"], value)
                seen += 1
    assert seen > 20


def test_examples_are_answered_as_told(http, cloud, document, conforms):
    cloud.deploy()
    cloud.register("1", auc="0.74")
    http.post("/v1/predict", json=flight_of(document)).raise_for_status()
    asked = 0
    for method, path, operation in operations(document):
        if path in CONSOLE:
            continue
        place = path
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                place = place.replace("{flight_id}", parameter["schema"]["examples"][0])
        bodies = operation.get("requestBody", {}).get("content", {})
        values = examples(bodies["application/json"]) if bodies else [None]
        for value in values:
            answer = http.request(method, place, json=value)
            assert answer.status_code == 200, f"{method} {place}: {answer.text}"
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            conforms(schema, answer.json())
            asked += 1
    assert asked >= 12


def flight_of(document):
    body = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    return body["examples"]["one"]["value"]


def test_request_names_every_feature_of_the_contract(document):
    asked = document["components"]["schemas"]["FlightRequest"]["properties"]
    assert set(FEATURE_NAMES) <= set(asked)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/v1/flights/2013-03-15/UA/1545/JFK", 404),
        ("get", "/v1/flights/tomorrow", 422),
        ("post", "/v1/predict", 422),
        ("get", "/v1/models", 503),
    ],
)
def test_refusals_are_answered_as_told(http, document, conforms, method, path, status):
    answer = http.request(method, path, headers={"X-Request-Id": "mine"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    conforms({"$ref": "#/components/schemas/Problem"}, answer.json())
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine"
