import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.ecs.conftest import IMAGE, LASTING, SERVING, container
from tests.contract.refusals import refusal

TOLD = """
import json, os, sys, urllib.request
def get(url): return json.load(urllib.request.urlopen(url))
base = os.environ["ECS_CONTAINER_METADATA_URI_V4"]
print(json.dumps({
    "container": get(base), "task": get(base + "/task"),
    "stats": get(base + "/stats"), "all": get(base + "/task/stats"),
    "environment": dict(os.environ), "folder": os.getcwd(),
}))
sys.stderr.write("told")
"""
CALLER = """
import json, os, urllib.request
where = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") or (
    "http://169.254.170.2" + os.environ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"])
print(json.load(urllib.request.urlopen(where))["RoleArn"])
"""


def states(fargate, arn):
    found = fargate.task(arn)
    return {item["name"]: item for item in found["containers"]}


def test_a_task_runs_and_ends_as_its_process_ends(fargate):
    arn = fargate.run(fargate.define(container("import sys; sys.exit(3)")))
    found = fargate.until(arn)
    assert found["stopCode"] == "EssentialContainerExited"
    assert found["stoppedReason"] == "Essential container in task exited"
    (main,) = found["containers"]
    assert (main["exitCode"], main["lastStatus"]) == (3, "STOPPED")
    assert found["desiredStatus"] == "STOPPED"
    assert found["createdAt"] <= found["startedAt"] <= found["stoppedAt"]


def test_a_container_knows_itself_and_writes_to_its_log_stream(fargate):
    definition = fargate.define(
        container(
            TOLD,
            environment=[{"name": "GREETING", "value": "hello"}],
            workingDirectory="/usr/share",
            logConfiguration=fargate.logs(),
        ),
        executionRoleArn=fargate.role,
    )
    arn = fargate.run(
        definition,
        overrides={
            "containerOverrides": [
                {"name": "main", "environment": [{"name": "GREETING", "value": "other"}]}
            ]
        },
    )
    found = fargate.until(arn)
    assert found["containers"][0]["exitCode"] == 0
    lines = fargate.output(arn)
    told = json.loads(lines[0])
    assert lines[1:] == ["told"]
    assert told["task"]["TaskARN"] == arn
    assert told["task"]["KnownStatus"] in {"PENDING", "RUNNING"}
    assert told["container"]["Name"] == "main"
    assert told["container"]["DockerId"] in told["all"]
    assert told["stats"]["memory_stats"]["limit"] == 512 * 2**20
    assert told["environment"]["GREETING"] == "other"
    assert told["environment"]["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert told["folder"].endswith("/usr/share")


def test_a_task_works_as_its_role(fargate):
    definition = fargate.define(
        container(CALLER, logConfiguration=fargate.logs()),
        executionRoleArn=fargate.role,
        taskRoleArn=fargate.role,
    )
    arn = fargate.run(definition)
    fargate.until(arn)
    assert fargate.output(arn) == [fargate.role]


def test_secrets_parameters_and_files_are_variables(fargate, aws, bucket):
    secret = aws("secretsmanager").create_secret(
        Name=fargate.name, SecretString=json.dumps({"password": "s3cret"})
    )["ARN"]
    aws("ssm").put_parameter(Name=f"/{fargate.name}/p", Value="v", Type="SecureString")
    aws("s3").put_object(Bucket=bucket, Key="x.env", Body=b"# no\nFROM_FILE=a=b\n")
    program = "import os; print(os.environ['A'], os.environ['B'], os.environ['FROM_FILE'])"
    definition = fargate.define(
        container(
            program,
            secrets=[
                {"name": "A", "valueFrom": f"{secret}:password::"},
                {"name": "B", "valueFrom": f"/{fargate.name}/p"},
            ],
            environmentFiles=[{"type": "s3", "value": f"arn:aws:s3:::{bucket}/x.env"}],
            logConfiguration=fargate.logs(),
        ),
        executionRoleArn=fargate.role,
    )
    arn = fargate.run(definition)
    fargate.until(arn)
    assert fargate.output(arn) == ["s3cret v a=b"]


@pytest.mark.parametrize(
    ("changes", "beginning"),
    [
        ({"image": "nothing.example/x:1"}, "CannotPullContainerError: "),
        (
            {"secrets": [{"name": "A", "valueFrom": "no-such-parameter"}]},
            "ResourceInitializationError: unable to pull secrets or registry auth: execution "
            "resource retrieval failed: unable to retrieve secrets from ssm: ",
        ),
        (
            {
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "no-such-group",
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": "p",
                    },
                }
            },
            "ResourceInitializationError: failed to validate logger args: ",
        ),
        (
            {"command": ["no-such-program"]},
            "CannotStartContainerError: ResourceInitializationError: failed to create new container"
            " runtime task: failed to create shim task: OCI runtime create failed: runc create"
            ' failed: unable to start container process: exec: "no-such-program": executable file'
            " not found in $PATH: unknown",
        ),
        (
            {"command": ["/etc/hosts"]},
            "CannotStartContainerError: ResourceInitializationError: failed to create new container"
            " runtime task: failed to create shim task: OCI runtime create failed: runc create"
            ' failed: unable to start container process: exec: "/etc/hosts": permission denied:'
            " unknown",
        ),
    ],
)
def test_a_task_that_cannot_start_says_why(fargate, changes, beginning):
    definition = fargate.define({**container(), **changes}, executionRoleArn=fargate.role)
    found = fargate.until(fargate.run(definition))
    assert found["stopCode"] == "TaskFailedToStart"
    assert found["stoppedReason"].startswith(beginning)
    assert "startedAt" not in found
    assert "exitCode" not in found["containers"][0]


def test_containers_start_in_the_order_of_what_they_need_and_share_volumes(fargate):
    writes = "import time; time.sleep(0.3); open('/data/x', 'w').write('shared')"
    volume = {"sourceVolume": "v", "containerPath": "/data"}
    definition = fargate.define(
        container(writes, name="init", essential=False, mountPoints=[volume]),
        container(
            "print(open('/in/x').read())",
            mountPoints=[{**volume, "containerPath": "/in", "readOnly": True}],
            dependsOn=[{"containerName": "init", "condition": "SUCCESS"}],
            logConfiguration=fargate.logs(),
        ),
        volumes=[{"name": "v"}],
        executionRoleArn=fargate.role,
    )
    arn = fargate.run(definition)
    fargate.until(arn)
    assert fargate.output(arn) == ["shared"]


def test_what_waits_for_a_failed_container_never_starts(fargate):
    definition = fargate.define(
        container("import sys; sys.exit(9)", name="init", essential=False),
        container(dependsOn=[{"containerName": "init", "condition": "SUCCESS"}]),
    )
    arn = fargate.run(definition)
    found = fargate.until(arn)
    assert found["stopCode"] == "TaskFailedToStart"
    assert (
        "[init] for target [main] as dependency did not exit successfully"
        in (found["stoppedReason"])
    )
    named = states(fargate, arn)
    assert named["init"]["exitCode"] == 9
    assert "exitCode" not in named["main"]


def test_health_checks_run_in_the_container_and_others_wait_for_them(fargate):
    makes = LASTING.replace("time.sleep(1000)", "open('/tmp/ok', 'w').close(); time.sleep(1000)")
    definition = fargate.define(
        container(
            makes,
            name="db",
            healthCheck={"command": ["CMD-SHELL", "test -e /tmp/ok"], "interval": 5, "retries": 1},
        ),
        container(dependsOn=[{"containerName": "db", "condition": "HEALTHY"}]),
    )
    arn = fargate.run(definition)
    assert fargate.until(arn, "RUNNING")["healthStatus"] == "HEALTHY"
    assert states(fargate, arn)["db"]["healthStatus"] == "HEALTHY"


def test_a_stopped_task_gets_its_signal_its_time_and_no_more(fargate):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(1000)"
    definition = fargate.define(
        container(logConfiguration=fargate.logs(), stopTimeout=60),
        container(deaf, name="deaf", essential=False),
        executionRoleArn=fargate.role,
    )
    arn = fargate.run(definition)
    fargate.says(arn)
    told = fargate.ecs.stop_task(cluster=fargate.name, task=arn, reason="enough")["task"]
    assert told["desiredStatus"] == "STOPPED"
    found = fargate.until(arn)
    assert (found["stopCode"], found["stoppedReason"]) == ("UserInitiated", "enough")
    named = states(fargate, arn)
    assert (named["main"]["exitCode"], named["deaf"]["exitCode"]) == (0, 137)


def test_a_container_over_its_memory_is_killed(fargate):
    eats = "x = []\nwhile True: x.append(bytearray(10 ** 7))"
    arn = fargate.run(fargate.define(container(eats, memory=128)))
    (main,) = fargate.until(arn)["containers"]
    assert main["exitCode"] == 137
    assert main["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_two_tasks_listen_on_the_same_port(fargate, waiting):
    import httpx

    definition = fargate.define(container(SERVING, portMappings=[{"containerPort": 8080}]))
    answers = {}
    for text in ("one", "two"):
        environment = [{"name": "ANSWER", "value": text}]
        overrides = {"containerOverrides": [{"name": "main", "environment": environment}]}
        found = fargate.until(fargate.run(definition, overrides=overrides), "RUNNING")
        (interface,) = found["containers"][0]["networkInterfaces"]
        answers[interface["privateIpv4Address"]] = text
    for address, text in answers.items():

        def asked(url=f"http://{address}:8080/"):
            try:
                with httpx.Client(trust_env=False) as client:
                    return client.get(url).text
            except httpx.TransportError:
                return None

        assert waiting("the task's answer", asked) == text


def test_a_request_that_is_sent_again_runs_nothing_again(fargate):
    definition = fargate.define(container())
    first = fargate.run(definition, clientToken="t1")
    assert fargate.run(definition, clientToken="t1") == first
    assert fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"] == [first]


def test_tasks_are_listed_by_what_they_are(fargate):
    definition = fargate.define(container())
    arn = fargate.run(definition, startedBy="me", tags=[{"key": "a", "value": "b"}])
    listed = fargate.ecs.list_tasks
    assert listed(cluster=fargate.name, startedBy="me")["taskArns"] == [arn]
    assert listed(cluster=fargate.name, family=fargate.name)["taskArns"] == [arn]
    assert listed(cluster=fargate.name, startedBy="you")["taskArns"] == []
    told = fargate.ecs.describe_tasks(cluster=fargate.name, tasks=[arn, "none"], include=["TAGS"])
    assert told["tasks"][0]["tags"] == [{"key": "a", "value": "b"}]
    assert told["failures"][0]["reason"] == "MISSING"


def test_a_task_that_cannot_be_is_refused(fargate):
    definition = fargate.define(container())
    run = {"cluster": fargate.name, "taskDefinition": definition, "launchType": "FARGATE"}
    no_subnet = {"awsvpcConfiguration": {"subnets": ["subnet-0"]}}
    other = {"containerOverrides": [{"name": "x"}]}
    refused = [
        refusal(fargate.ecs.run_task, **run | more)
        for more in (
            {},
            {"networkConfiguration": no_subnet},
            {"networkConfiguration": fargate.network, "overrides": other},
            {"networkConfiguration": fargate.network, "taskDefinition": "nobody"},
            {"networkConfiguration": fargate.network, "launchType": "EC2"},
        )
    ]
    assert refused == [
        (
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            "InvalidParameterException",
            "Error retrieving subnet information for [subnet-0]: The subnet ID 'subnet-0' does not "
            "exist (ErrorCode: InvalidSubnetID.NotFound)",
        ),
        (
            "InvalidParameterException",
            "Override for container named x is not a container in the TaskDefinition.",
        ),
        ("ClientException", "TaskDefinition not found."),
        ("InvalidParameterException", "No Container Instances were found in your cluster."),
    ]


def test_no_task_starts_in_a_cluster_that_is_deleted_meanwhile(fargate):
    definition, ecs = fargate.define(container()), fargate.ecs

    def answers(ask, *arguments) -> bool:
        try:
            ask(*arguments)
        except ecs.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            assert code in ("ClusterNotFoundException", "ClusterContainsTasksException")
            return False
        return True

    with ThreadPoolExecutor() as pool:
        for _ in range(10):
            running = pool.submit(answers, fargate.run, definition)
            deleted = answers(lambda: ecs.delete_cluster(cluster=fargate.name))
            assert not (running.result() and deleted)
            fargate.ecs.create_cluster(clusterName=fargate.name)


def test_a_role_that_does_not_trust_tasks_is_refused(fargate):
    definition = fargate.define(
        {"name": "main", "image": IMAGE}, taskRoleArn="arn:aws:iam::000000000000:role/nobody"
    )
    code, message = refusal(
        fargate.ecs.run_task,
        cluster=fargate.name,
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration=fargate.network,
    )
    assert code == "ClientException"
    assert message.startswith("ECS was unable to assume the role 'arn:aws:iam::000000000000:role/")


def test_a_container_listens_at_port_80_and_still_has_its_role(fargate):
    listening = "import socket; socket.create_server(('0.0.0.0', 80))\n" + CALLER
    web = container(
        listening, portMappings=[{"containerPort": 80}], logConfiguration=fargate.logs()
    )
    roles = {"taskRoleArn": fargate.role, "executionRoleArn": fargate.role}
    arn = fargate.run(fargate.define(web, **roles))
    assert states(fargate, fargate.until(arn)["taskArn"])["main"]["exitCode"] == 0
    assert fargate.output(arn) == [fargate.role]
