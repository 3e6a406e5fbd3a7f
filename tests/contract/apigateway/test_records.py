"""What API Gateway refuses to write into an API: one thing twice, or less than others need."""

import json

import pytest

from tests.contract.refusals import refusal


@pytest.fixture
def small(api):
    one = api()
    one.mock("ANY", "/models")
    one.deploy()
    return one


def test_a_path_and_a_method_are_there_once(small):
    resource = small.resource("/models")
    again = {"restApiId": small.id, "parentId": small.resource(""), "pathPart": "models"}
    assert refusal(small.client.create_resource, **again) == (
        "ConflictException",
        "Another resource with the same parent already has this name: models",
    )
    method = {"restApiId": small.id, "resourceId": resource, "httpMethod": "ANY"}
    assert refusal(small.client.put_method, **method, authorizationType="NONE") == (
        "ConflictException",
        "Method already exists for this resource",
    )


def test_a_plan_of_stages_stays(small, plan):
    made, _ = plan(small)
    assert refusal(small.client.delete_usage_plan, usagePlanId=made) == (
        "BadRequestException",
        f"Cannot delete Usage Plan {made} because there are API Stages associated with it, "
        f"including {small.id}:live",
    )


def test_an_authorizer_that_methods_ask_stays(small, authorizer):
    given = authorizer(small)
    small.mock("GET", "/asked", **given)
    named = {"restApiId": small.id, "authorizerId": given["authorizerId"]}
    name = small.client.get_authorizer(**named)["name"]
    assert refusal(small.client.delete_authorizer, **named) == (
        "ConflictException",
        f"Cannot delete authorizer '{name}', is referenced in method: GET//asked",
    )
    asked = {"resourceId": small.resource("/asked"), "httpMethod": "GET"}
    small.client.delete_method(restApiId=small.id, **asked)
    small.client.delete_authorizer(**named)


def test_what_is_not_there_is_named(small, aws):
    stage = {"restApiId": small.id, "stageName": "other", "deploymentId": "none"}
    assert refusal(small.client.create_stage, **stage) == (
        "NotFoundException",
        "Invalid Deployment identifier specified",
    )
    assert refusal(small.client.get_rest_api, restApiId="none") == (
        "NotFoundException",
        "Invalid API identifier specified 000000000000:none",
    )


def test_a_schema_and_a_document_must_be_what_they_say(small):
    model = {"restApiId": small.id, "name": "Bad", "contentType": "application/json"}
    code, message = refusal(small.client.create_model, **model, schema="{")
    assert (code, message.partition(":")[0]) == ("BadRequestException", "Invalid model specified")
    document = refusal(small.client.import_rest_api, body=b"{}")
    assert document == ("BadRequestException", "Invalid OpenAPI input.")


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
def test_a_method_for_all_verbs_is_exported(small, kind):
    answer = small.client.get_export(restApiId=small.id, stageName="live", exportType=kind)
    paths = json.loads(answer["body"].read())["paths"]
    assert list(paths["/models"]) == ["x-amazon-apigateway-any-method"]
