"""What AWS refuses of a pipeline, with its words; what it takes and nobody carries out, by name."""

import pytest

from tests.contract.codepipeline.declarations import action, approval, declaration, source
from tests.contract.refusals import refusal

ACTION = "InvalidActionDeclarationException"
STAGE = "InvalidStageDeclarationException"
STRUCTURE = "InvalidStructureException"
BUCKET = "some-bucket"


def gate(*actions, **members):
    return declaration("refused", BUCKET, ("Gate", *(actions or [approval()])), **members)


def without(pipeline, *names):
    return {name: value for name, value in pipeline.items() if name not in names}


def custom(**named):
    made = approval()
    made["actionTypeId"] |= named
    return made


V1 = {"pipelineType": "V1"}
STACK = {"ActionMode": "CREATE_UPDATE"}
REFUSED = {
    "one stage": (
        declaration("refused", BUCKET),
        STRUCTURE,
        "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline",
    ),
    "stages of one name": (
        declaration("refused", BUCKET, ("Gate", approval()), ("Gate", approval())),
        STAGE,
        "Stage name 'Gate' is used more than once",
    ),
    "no source": (
        gate(source=approval()),
        STRUCTURE,
        "Pipeline should start with a stage that only contains source actions",
    ),
    "a source later": (
        gate(source(BUCKET)),
        STRUCTURE,
        "Source actions can only be included in the first stage of the pipeline",
    ),
    "too many inputs": (
        gate(approval(inputArtifacts=[{"name": "Source"}])),
        ACTION,
        "Action Ask declares 1 input artifacts which is more than the maximum count (0)",
    ),
    "too few outputs": (
        gate(source=action("Get", "Source/S3", {"S3Bucket": BUCKET, "S3ObjectKey": "key"})),
        ACTION,
        "Action Get declares 0 output artifacts which is less than the minimum count (1)",
    ),
    "an input that nobody makes": (
        gate(action("Put", "Deploy/S3", {"BucketName": "b", "Extract": "true"}, takes=["Built"])),
        ACTION,
        "Input Artifact Bundle Built in action Put is not declared as Output Artifact Bundle in "
        "any of the preceding actions",
    ),
    "a missing configuration": (
        gate(action("Stack", "Deploy/CloudFormation", STACK)),
        ACTION,
        "Action configuration for action 'Stack' is missing required configuration 'StackName'",
    ),
    "an unknown configuration": (
        gate(approval(configuration={"Colour": "red"})),
        ACTION,
        "Action configuration for action 'Ask' contains unknown configuration 'Colour'",
    ),
    "an unknown provider": (
        gate(custom(provider="Nobody")),
        ACTION,
        "ActionType (Category: 'Approval', Provider: 'Nobody', Owner: 'AWS', Version: '1') in "
        "action 'Ask' is not available in region US_EAST_1",
    ),
    "a custom type that is not there": (
        gate(custom(category="Build", owner="Custom", provider="Mine")),
        ACTION,
        "ActionType (Category: 'Build', Provider: 'Mine', Owner: 'Custom', Version: '1') in "
        "action 'Ask' is not available in region US_EAST_1",
    ),
    "a namespace twice": (
        gate(approval(namespace="A"), approval("B", namespace="A")),
        ACTION,
        "Namespaces must be unique across the pipeline definition. The following occur more than "
        "once in the pipeline. StageName=[Gate], ActionName=[B], Namespace=[A]",
    ),
    "a namespace that is not there": (
        gate(approval(configuration={"CustomData": "#{Nobody.Name}"})),
        ACTION,
        "Valid format for a pipeline execution variable reference is a namespace and a key "
        "separated by a period (.). The following pipeline execution variables are referencing a "
        "namespace that does not exist. StageName=[Gate], ActionName=[Ask], "
        "ActionNamespaceReferenced=[Nobody]",
    ),
    "variables in V1": (
        gate(variables=[{"name": "a"}], **V1),
        STRUCTURE,
        "Pipeline variable can only be used with V2 pipelines",
    ),
    "a mode in V1": (
        gate(executionMode="QUEUED", **V1),
        STRUCTURE,
        "QUEUED or PARALLEL mode can only be used with V2 pipelines",
    ),
    "a variable twice": (
        gate(variables=[{"name": "a"}, {"name": "a", "defaultValue": "b"}]),
        STRUCTURE,
        "Variable names must be unique. The following variable name is already in use: a",
    ),
    "another region": (
        gate(approval(region="eu-west-1")),
        ACTION,
        "Your pipeline contains actions in more than one region. Use 'pipeline.artifactStores' "
        "instead of 'pipeline.artifactStore' to declare an artifact store, such as an artifact "
        "bucket, for each region where you have an action.",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_create_pipeline_refused(codepipeline, why):
    pipeline, code, message = REFUSED[why]
    assert refusal(codepipeline.create_pipeline, pipeline=pipeline) == (code, message)


def test_create_pipeline_with_an_invalid_name(codepipeline):
    code, message = refusal(codepipeline.create_pipeline, pipeline=gate() | {"name": "no name"})
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value 'no name' at 'pipeline.name'")


def test_conditions_in_v1_and_rollback_in_parallel_are_refused(codepipeline):
    failing = gate(**V1)
    failing["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    assert refusal(codepipeline.create_pipeline, pipeline=failing) == (
        STAGE,
        "Stage level conditions can only be used with V2 pipelines.",
    )
    failing |= {"pipelineType": "V2", "executionMode": "PARALLEL"}
    assert refusal(codepipeline.create_pipeline, pipeline=failing) == (
        STAGE,
        "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline.",
    )


@pytest.mark.parametrize(
    "kind", ["Deploy/CodeDeployToECS", "Source/CodeCommit", "Deploy/CodeDeploy"]
)
def test_action_type_that_nobody_carries_out_is_refused_by_name(codepipeline, kind):
    category, provider = kind.split("/")
    other = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    first = source(BUCKET) | ({"actionTypeId": other} if category == "Source" else {})
    second = approval() | ({} if category == "Source" else {"actionTypeId": other})
    pipeline = gate(second, source=first)
    code, message = refusal(codepipeline.create_pipeline, pipeline=pipeline)
    assert code == "InternalFailure"
    assert f"with {category} actions of {provider}" in message
    assert message.endswith("is not emulated")


def test_batch_builds_are_refused_by_name(codepipeline):
    configuration = {"ProjectName": "p", "BatchEnabled": "true"}
    build = action("Build", "Build/CodeBuild", configuration, takes=["Source"])
    _, message = refusal(codepipeline.create_pipeline, pipeline=gate(build))
    assert "BatchEnabled of the action Build is not emulated" in message


@pytest.mark.parametrize("operation", ["put_webhook", "create_custom_action_type"])
def test_other_operations_are_refused_by_name(codepipeline, operation):
    requests = {
        "put_webhook": {
            "webhook": {
                "name": "w",
                "targetPipeline": "p",
                "targetAction": "a",
                "filters": [{"jsonPath": "$.ref"}],
                "authentication": "UNAUTHENTICATED",
                "authenticationConfiguration": {},
            }
        },
        "create_custom_action_type": {
            "category": "Build",
            "provider": "Mine",
            "version": "1",
            "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
            "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
        },
    }
    code, _ = refusal(getattr(codepipeline, operation), **requests[operation])
    assert code in {"InternalFailure", "NotImplemented"}
