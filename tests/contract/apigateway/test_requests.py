"""What is refused before it is passed on, and how the API's own words say so."""

import json

import pytest

from tests.contract.refusals import refusal

MODEL = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["origin", "dest"],
    "properties": {"origin": {"type": "string", "minLength": 3}, "late": {"type": "boolean"}},
}


@pytest.fixture
def checked(api, upstream):
    one = api()
    client = one.client
    schema = json.dumps(MODEL)
    client.create_model(restApiId=one.id, name="Leg", contentType="application/json", schema=schema)
    reference = f"https://apigateway.amazonaws.com/restapis/{one.id}/models/Leg"
    legs = json.dumps({"type": "array", "items": {"$ref": reference}})
    client.create_model(restApiId=one.id, name="Legs", contentType="application/json", schema=legs)
    made = client.create_request_validator(
        restApiId=one.id, name="all", validateRequestBody=True, validateRequestParameters=True
    )
    common = {"requestValidatorId": made["id"]}
    one.route("POST", "/leg", f"{upstream}/leg", requestModels={"$default": "Leg"}, **common)
    one.route(
        "POST", "/legs", f"{upstream}/legs", requestModels={"application/json": "Legs"}, **common
    )
    required = {"method.request.querystring.day": True, "method.request.header.X-Who": True}
    one.route("GET", "/leg", f"{upstream}/leg", requestParameters=required, **common)
    one.deploy()
    return one


def test_bodies_must_be_of_their_model(checked):
    good = {"origin": "EWR", "dest": "IAH"}
    assert json.loads(checked.call("/leg", "POST", json=good).json()["body"]) == good
    for body in ({"origin": "EWR"}, {"origin": "E", "dest": "IAH"}, "text", []):
        answer = checked.call("/leg", "POST", json=body)
        assert (answer.status_code, answer.json()) == (400, {"message": "Invalid request body"})
        assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"
    assert checked.call("/leg", "POST", content=b"{").status_code == 400


def test_models_refer_to_models_and_a_content_type_without_one_is_not_checked(checked):
    assert checked.call("/legs", "POST", json=[{"origin": "EWR"}]).status_code == 400
    assert checked.call("/legs", "POST", json=[{"origin": "EWR", "dest": "IAH"}]).is_success
    text = {"Content-Type": "text/csv"}
    assert checked.call("/legs", "POST", content=b"EWR,IAH", headers=text).is_success


def test_parameters_must_be_there(checked):
    answer = checked.call("/leg?day=", headers={"X-Other": "1"})
    assert answer.status_code == 400
    assert answer.json() == {"message": "Missing required request parameters: [X-Who, day]"}
    assert checked.call("/leg?day=1", headers={"X-Who": "ann"}).is_success


def test_gateway_responses_speak_as_the_api_wants(checked):
    checked.client.put_gateway_response(
        restApiId=checked.id,
        responseType="BAD_REQUEST_BODY",
        statusCode="422",
        responseParameters={
            "gatewayresponse.header.X-Rule": "'strict'",
            "gatewayresponse.header.X-Route": "context.resourcePath",
            "gatewayresponse.header.X-Asked": "method.request.querystring.day",
        },
        responseTemplates={
            "application/json": '{"detail": $context.error.messageString, '
            '"violations": "$context.error.validationErrorString", '
            '"who": "$method.request.header.X-Who"}'
        },
    )
    checked.client.put_gateway_response(
        restApiId=checked.id,
        responseType="DEFAULT_4XX",
        responseTemplates={"application/json": '{"kind": "$context.error.responseType"}'},
    )
    assert checked.call("/leg", "POST", json={"origin": "EWR"}).status_code == 400
    checked.deploy()
    headers = {"X-Who": 'a "name"'}
    answer = checked.call("/leg?day=3", "POST", json={"origin": "EWR"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": "Invalid request body",
        "violations": '[object has missing required properties (["dest"])]',
        "who": 'a "name"',
    }
    told = [answer.headers[name] for name in ("X-Rule", "X-Route", "X-Asked")]
    assert told == ["strict", "/leg", "3"]
    assert checked.call("/nowhere").json() == {"kind": "MISSING_AUTHENTICATION_TOKEN"}
    assert checked.call("/leg").json() == {"kind": "BAD_REQUEST_PARAMETERS"}


def test_a_resource_policy_is_obeyed(api):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*/GET/models",
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "execute-api:Invoke",
                "Resource": "execute-api:/*",
                "Condition": {"NotIpAddress": {"aws:SourceIp": ["127.0.0.0/8"]}},
            },
        ],
    }
    one = api(policy=json.dumps(policy))
    one.mock("GET", "/models")
    one.mock("GET", "/metrics")
    one.deploy()
    assert one.call("/models").status_code == 200
    answer = one.call("/metrics")
    assert answer.status_code == 403
    assert answer.json()["Message"].startswith(
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        "arn:aws:execute-api:us-east-1:********0000:"
    )


def test_what_is_too_large_or_nowhere_is_refused(checked):
    answer = checked.call("/leg", "POST", content=bytes(10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json() == {"message": "HTTP content length exceeded 10485760 bytes."}
    answer = checked.call("/nowhere")
    assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})
    answer = checked.call("/leg", stage="none")
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def document(**method: object) -> bytes:
    schema = {"type": "object", "required": ["dest"]}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Leg"}}}
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
    return json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": "imported", "version": "1"},
            "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
            "x-amazon-apigateway-request-validator": "body",
            "x-amazon-apigateway-gateway-responses": {"BAD_REQUEST_BODY": {"statusCode": "422"}},
            "components": {"schemas": {"Leg": schema}},
            "paths": {
                "/leg": {
                    "post": {
                        "requestBody": {"content": content},
                        "responses": {"200": {"description": "fine"}},
                        "x-amazon-apigateway-integration": mock,
                        **method,
                    }
                }
            },
        }
    ).encode()


def test_an_imported_document_is_meant_as_a_whole(api):
    one = api()
    one.client.put_rest_api(restApiId=one.id, body=document())
    one.deploy()
    assert one.call("/leg", "POST", json={"dest": "IAH"}).status_code == 200
    assert one.call("/leg", "POST", json={}).status_code == 422
    guarded = document(**{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})
    expected = ("InternalFailure", "apigateway authorization by AWS_IAM is not emulated")
    assert refusal(one.client.put_rest_api, restApiId=one.id, body=guarded) == expected


def test_answers_are_packed_from_the_size_on_that_the_api_says(api):
    one = api(minimumCompressionSize=100)
    one.mock("GET", "/short", "a" * 99)
    one.mock("GET", "/long", "a" * 100)
    one.deploy()
    assert "Content-Encoding" not in one.call("/short").headers
    long = one.call("/long")
    assert (long.headers["Content-Encoding"], long.text) == ("gzip", "a" * 100)
