import pytest

from tests.contract.ecs.conftest import IMAGE, container
from tests.contract.refusals import refusal

FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}


@pytest.fixture
def ecs(aws):
    return aws("ecs")


def register(ecs, family, *containers, **more):
    given = {"cpu": "256", "memory": "512", **FARGATE, **more}
    return ecs.register_task_definition(
        family=family, containerDefinitions=list(containers), **given
    )


def test_a_definition_is_told_with_what_it_does_not_say(ecs, unique):
    told = register(ecs, unique, container(portMappings=[{"containerPort": 80}]), cpu=".25 vCPU")
    found = told["taskDefinition"]
    assert found["taskDefinitionArn"].endswith(f":task-definition/{unique}:1")
    assert (found["cpu"], found["memory"], found["revision"]) == ("256", "512", 1)
    assert (found["status"], found["compatibilities"]) == ("ACTIVE", ["EC2", "FARGATE"])
    (main,) = found["containerDefinitions"]
    assert main["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert (main["essential"], main["environment"], main["cpu"]) == (True, [], 0)
    again = ecs.describe_task_definition(taskDefinition=unique)["taskDefinition"]
    assert again == found


def test_revisions_are_counted_deregistered_and_deleted(ecs, unique):
    for _ in range(2):
        register(ecs, unique, container())
    arns = ecs.list_task_definitions(familyPrefix=unique)["taskDefinitionArns"]
    assert [arn.rpartition(":")[2] for arn in arns] == ["1", "2"]
    refused = ecs.delete_task_definitions(taskDefinitions=[f"{unique}:1"])["failures"]
    assert "still in ACTIVE status" in refused[0]["reason"]
    gone = ecs.deregister_task_definition(taskDefinition=f"{unique}:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    latest = ecs.describe_task_definition(taskDefinition=unique)["taskDefinition"]
    assert latest["revision"] == 1
    (deleted,) = ecs.delete_task_definitions(taskDefinitions=[f"{unique}:2"])["taskDefinitions"]
    assert deleted["status"] == "DELETE_IN_PROGRESS"
    assert register(ecs, unique, container())["taskDefinition"]["revision"] == 3
    families = ecs.list_task_definition_families(familyPrefix=unique, status="ACTIVE")
    assert families["families"] == [unique]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"cpu": "256", "memory": "4096"},
            "No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the "
            "Amazon ECS documentation for the valid values.",
        ),
        ({"networkMode": "bridge"}, "Fargate only supports network mode ‘awsvpc’."),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        (
            {"containerDefinitions": [{"name": "main"}]},
            "Container.image should not be null or empty.",
        ),
        (
            {"containerDefinitions": [{"name": "a b", "image": IMAGE}]},
            "Container.name contains invalid characters.",
        ),
        (
            {"containerDefinitions": [{"name": "a", "image": "1.dkr.ecr.us-east-1.x.com/a"}]},
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ),
        (
            {
                "containerDefinitions": [
                    container(name="a", dependsOn=[{"containerName": "b", "condition": "SUCCESS"}]),
                    container(name="b"),
                ]
            },
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
            "container",
        ),
        (
            {
                "containerDefinitions": [
                    container(portMappings=[{"containerPort": 8, "hostPort": 9}])
                ]
            },
            "When networkMode=awsvpc, the host ports and container ports in port mappings must "
            "match.",
        ),
        (
            {
                "containerDefinitions": [
                    container(mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}])
                ]
            },
            "Unknown volume 'v'.",
        ),
    ],
)
def test_a_definition_that_fargate_cannot_run_is_refused(ecs, unique, changes, sentence):
    given = {"cpu": "256", "memory": "512", **FARGATE, "containerDefinitions": [container()]}
    code, message = refusal(ecs.register_task_definition, family=unique, **given | changes)
    assert (code, message) == ("ClientException", sentence)


def test_what_nobody_carries_out_is_refused_by_name(ecs, unique):
    efs = [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    given = {"cpu": "256", "memory": "512", **FARGATE, "containerDefinitions": [container()]}
    for more, name in (
        ({"volumes": efs}, "efsVolumeConfiguration"),
        ({"pidMode": "task"}, "pidMode"),
    ):
        code, message = refusal(ecs.register_task_definition, family=unique, **given, **more)
        assert code == "InternalFailure"
        assert message == f"ecs.RegisterTaskDefinition with {name} is not emulated"


def test_what_is_not_there_is_not_described(ecs, unique):
    assert refusal(ecs.describe_task_definition, taskDefinition=unique) == (
        "ClientException",
        "Unable to describe task definition.",
    )


def test_clusters_have_settings_providers_and_tags(ecs, unique):
    made = ecs.create_cluster(
        clusterName=unique,
        capacityProviders=["FARGATE"],
        tags=[{"key": "team", "value": "a"}],
    )["cluster"]
    ecs.tag_resource(resourceArn=made["clusterArn"], tags=[{"key": "b", "value": "c"}])
    ecs.update_cluster_settings(
        cluster=unique, settings=[{"name": "containerInsights", "value": "enabled"}]
    )
    (found,) = ecs.describe_clusters(clusters=[unique], include=["TAGS", "SETTINGS"])["clusters"]
    assert [tag["key"] for tag in found["tags"]] == ["team", "b"]
    assert found["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert found["capacityProviders"] == ["FARGATE"]
    assert ecs.delete_cluster(cluster=unique)["cluster"]["status"] == "INACTIVE"
    assert refusal(ecs.list_tasks, cluster=unique) == (
        "ClusterNotFoundException",
        "Cluster not found.",
    )
    missing = ecs.describe_clusters(clusters=["nobody"])["failures"]
    assert missing[0]["reason"] == "MISSING"
