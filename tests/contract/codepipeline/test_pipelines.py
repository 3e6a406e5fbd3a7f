"""Pipelines are created, told, updated and deleted."""

from tests.contract.codepipeline.declarations import approval, declaration
from tests.contract.refusals import refusal


def test_create_pipeline_answers_with_what_it_adds(codepipeline, pipeline, versioned):
    made = pipeline(("Gate", approval()))
    found = codepipeline.get_pipeline(name=made.name)
    expected = declaration(made.name, versioned, ("Gate", approval()))
    for stage in expected["stages"]:
        for item in stage["actions"]:
            item["runOrder"] = 1
    assert found["pipeline"] == expected | {"version": 1, "executionMode": "SUPERSEDED"}
    arn = f"arn:aws:codepipeline:us-east-1:000000000000:{made.name}"
    assert found["metadata"]["pipelineArn"] == arn


def test_update_pipeline_makes_a_version_and_keeps_the_old(codepipeline, pipeline):
    made = pipeline(("Gate", approval()))
    declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
    declared["stages"][1]["name"] = "Door"
    updated = codepipeline.update_pipeline(pipeline=declared)["pipeline"]
    assert updated["version"] == 2
    assert codepipeline.get_pipeline(name=made.name)["pipeline"] == updated
    before = codepipeline.get_pipeline(name=made.name, version=1)["pipeline"]
    assert before["stages"][1]["name"] == "Gate"
    code, _ = refusal(codepipeline.get_pipeline, name=made.name, version=3)
    assert code == "PipelineVersionNotFoundException"


def test_update_cancels_what_is_in_progress(codepipeline, pipeline):
    made = pipeline(("Gate", approval()))
    made.asks()
    declared = codepipeline.get_pipeline(name=made.name)["pipeline"]
    codepipeline.update_pipeline(pipeline=declared)
    assert made.execution(made.first())["status"] == "InProgress"
    declared["stages"][1]["actions"][0]["configuration"] = {"CustomData": "new"}
    codepipeline.update_pipeline(pipeline=declared)
    assert made.end() == "Cancelled"
    assert made.actions()["Ask"]["status"] == "Abandoned"


def test_pipelines_are_listed_with_their_types(codepipeline, pipeline):
    made = pipeline(("Gate", approval()), executionMode="QUEUED")
    pages = codepipeline.get_paginator("list_pipelines").paginate()
    (found,) = [item for page in pages for item in page["pipelines"] if item["name"] == made.name]
    assert (found["version"], found["pipelineType"], found["executionMode"]) == (1, "V2", "QUEUED")


def test_type_is_v1_where_nothing_else_is_said(codepipeline, versioned):
    given = declaration(versioned, versioned, ("Gate", approval()))
    del given["pipelineType"]
    made = codepipeline.create_pipeline(pipeline=given)["pipeline"]
    assert made["pipelineType"] == "V1"
    codepipeline.delete_pipeline(name=versioned)


def test_name_is_taken_once_and_free_after_deletion(codepipeline, pipeline, versioned):
    made = pipeline(("Gate", approval()))
    again = declaration(made.name, versioned, ("Gate", approval()))
    assert refusal(codepipeline.create_pipeline, pipeline=again) == (
        "PipelineNameInUseException",
        f"A pipeline with the name '{made.name}' already exists in account '000000000000'",
    )
    codepipeline.delete_pipeline(name=made.name)
    codepipeline.delete_pipeline(name=made.name)
    assert refusal(codepipeline.get_pipeline, name=made.name) == (
        "PipelineNotFoundException",
        f"Account '000000000000' does not have a pipeline with name '{made.name}'",
    )
    codepipeline.create_pipeline(pipeline=again)
    assert len(made.executions()) == 1


def test_tags_come_with_creation_and_change(codepipeline, versioned):
    tags = [{"key": "team", "value": "a"}]
    given = declaration(versioned, versioned, ("Gate", approval()))
    assert codepipeline.create_pipeline(pipeline=given, tags=tags)["tags"] == tags
    arn = codepipeline.get_pipeline(name=versioned)["metadata"]["pipelineArn"]
    codepipeline.tag_resource(resourceArn=arn, tags=[{"key": "cost", "value": "1"}])
    codepipeline.untag_resource(resourceArn=arn, tagKeys=["team"])
    found = codepipeline.list_tags_for_resource(resourceArn=arn)["tags"]
    assert found == [{"key": "cost", "value": "1"}]
    codepipeline.delete_pipeline(name=versioned)
    code, _ = refusal(codepipeline.list_tags_for_resource, resourceArn=arn)
    assert code == "ResourceNotFoundException"


def test_action_types_are_those_that_are_carried_out(codepipeline):
    found = {
        (item["id"]["category"], item["id"]["provider"])
        for item in codepipeline.list_action_types(actionOwnerFilter="AWS")["actionTypes"]
    }
    assert {("Source", "S3"), ("Build", "CodeBuild"), ("Approval", "Manual")} <= found
    assert ("Deploy", "ECS") in found
    assert ("Deploy", "CodeDeploy") not in found
    assert codepipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"] == []
