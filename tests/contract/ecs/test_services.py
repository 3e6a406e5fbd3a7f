import json

import httpx
import pytest

from tests.contract.ecs.conftest import LASTING, SERVING, container
from tests.contract.refusals import refusal

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def messages(service) -> list[str]:
    """The events, the first first, without the service's name and identifiers."""
    return [event["message"].partition(") ")[2] for event in reversed(service["events"])]


def test_a_service_keeps_its_tasks(fargate):
    made = fargate.serve(fargate.define(container()), desiredCount=2)
    assert made["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    found = fargate.steady()
    said = messages(found)
    assert said[0].startswith("has started 2 tasks: (task ")
    assert said[-1] == "has reached a steady state."
    first, second = fargate.ecs.list_tasks(cluster=fargate.name, serviceName="web")["taskArns"]
    assert fargate.task(first)["group"] == "service:web"
    fargate.ecs.stop_task(cluster=fargate.name, task=first)
    fargate.until(first)
    fargate.steady()
    now = set(fargate.ecs.list_tasks(cluster=fargate.name, serviceName="web")["taskArns"])
    assert (second in now, first in now, len(now)) == (True, False, 2)
    fargate.ecs.update_service(cluster=fargate.name, service="web", desiredCount=0)
    assert fargate.steady()["runningCount"] == 0


def test_a_new_definition_takes_the_place_of_the_old(fargate):
    fargate.serve(fargate.define(container()))
    fargate.steady()
    (old,) = fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"]
    second = fargate.define(container(LASTING + "\n"))
    told = fargate.ecs.update_service(cluster=fargate.name, service="web", taskDefinition=second)
    assert [item["status"] for item in told["service"]["deployments"]] == ["PRIMARY", "ACTIVE"]
    fargate.steady()
    (new,) = fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"]
    assert fargate.task(new)["taskDefinitionArn"] == second
    gone = fargate.until(old)
    assert gone["stopCode"] == "ServiceSchedulerInitiated"
    assert gone["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")
    done = fargate.ecs.list_service_deployments(cluster=fargate.name, service="web")
    assert [item["status"] for item in done["serviceDeployments"]] == ["SUCCESSFUL"] * 2


def test_a_broken_definition_is_taken_back(fargate, waiting):
    good = fargate.define(container())
    fargate.serve(good, deploymentConfiguration=BREAKER)
    fargate.steady()
    (kept,) = fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"]
    bad = fargate.define(container("import sys; sys.exit(1)"))
    fargate.ecs.update_service(cluster=fargate.name, service="web", taskDefinition=bad)

    def rolled_back():
        return fargate.service()["taskDefinition"] == good

    waiting("the rollback", rolled_back)
    found = fargate.steady()
    assert fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"] == [kept]
    said = messages(found)
    assert any(text.endswith("deployment failed: tasks failed to start.") for text in said)
    assert any(text.startswith("rolling back to deployment ecs-svc/") for text in said)


def test_without_a_former_deployment_the_circuit_breaker_only_stops(fargate, waiting):
    bad = fargate.define({"name": "main", "image": "nothing.example/x:1"})
    fargate.serve(bad, deploymentConfiguration=BREAKER)

    def failed():
        (primary,) = fargate.service()["deployments"]
        return primary if primary["rolloutState"] == "FAILED" else None

    primary = waiting("the failure", failed)
    assert primary["rolloutStateReason"] == (
        "ECS deployment circuit breaker: tasks failed to start."
    )
    assert primary["failedTasks"] == 3


@pytest.fixture
def balanced(fargate, aws, waiting):
    """A load balancer and the target group that its listener forwards to."""
    elb = aws("elbv2")
    made = elb.create_load_balancer(Name=fargate.name, Subnets=fargate.subnets[:2])
    balancer = made["LoadBalancers"][0]
    group = elb.create_target_group(
        Name=fargate.name,
        Protocol="HTTP",
        Port=8080,
        VpcId=fargate.vpc,
        TargetType="ip",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "1"}],
    )
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    yield {"group": group, "name": balancer["DNSName"], "elb": elb}
    fargate.clear()
    fargate.clear = lambda: None
    elb.delete_listener(ListenerArn=listener)
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    elb.delete_target_group(TargetGroupArn=group)


def behind(group) -> dict:
    target = {"targetGroupArn": group, "containerName": "main", "containerPort": 8080}
    return {"loadBalancers": [target], "healthCheckGracePeriodSeconds": 60}


def test_a_load_balancer_sends_requests_to_the_tasks_of_a_service(fargate, balanced, endpoint_url):
    serving = container(
        SERVING,
        portMappings=[{"containerPort": 8080}],
        environment=[{"name": "ANSWER", "value": "from the task"}],
    )
    fargate.serve(fargate.define(serving), **behind(balanced["group"]))
    said = messages(fargate.steady())
    assert f"registered 1 targets in (target-group {balanced['group']})" in said
    with httpx.Client(trust_env=False) as client:
        answer = client.get(endpoint_url, headers={"Host": balanced["name"]})
    assert (answer.status_code, answer.text) == (200, "from the task")
    fargate.ecs.delete_service(cluster=fargate.name, service="web", force=True)
    fargate.waiting("the end", lambda: fargate.service()["status"] == "INACTIVE")
    health = balanced["elb"].describe_target_health(TargetGroupArn=balanced["group"])
    assert health["TargetHealthDescriptions"] == []


GOES_BAD = SERVING.replace(
    "def do_GET(self):",
    """def do_GET(self):
        if self.path == "/spoil":
            os.environ["STATUS"] = "500\"""",
)


def test_a_task_that_fails_its_checks_stays_until_another_has_taken_its_place(
    fargate, balanced, endpoint_url
):
    serving = container(GOES_BAD, portMappings=[{"containerPort": 8080}])
    options = behind(balanced["group"]) | {"healthCheckGracePeriodSeconds": 0}
    fargate.serve(fargate.define(serving), **options)
    fargate.steady()
    (old,) = fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"]
    with httpx.Client(trust_env=False) as client:
        client.get(f"{endpoint_url}/spoil", headers={"Host": balanced["name"]})
    ended = fargate.until(old)
    assert ended["stoppedReason"] == (
        f"Task failed ELB health checks in (target-group {balanced['group']})"
    )
    said = messages(fargate.steady())
    (new,) = fargate.ecs.list_tasks(cluster=fargate.name)["taskArns"]
    assert fargate.task(new)["startedAt"] < ended["stoppingAt"]
    begins = f"(task {old.rpartition('/')[2]}) (port 8080) is unhealthy in (target-group"
    assert sum(text.startswith(begins) for text in said) == 1, said


def test_a_service_that_cannot_be_is_refused(fargate):
    definition = fargate.define(container())
    given = {
        "cluster": fargate.name,
        "serviceName": "web",
        "taskDefinition": definition,
        "desiredCount": 0,
        "launchType": "FARGATE",
        "networkConfiguration": fargate.network,
    }
    group = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/x/0123456789abcdef"
    target = {"targetGroupArn": group, "containerName": "main", "containerPort": 80}
    both = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    refused = [
        refusal(fargate.ecs.create_service, **given | more)
        for more in (
            {"loadBalancers": [target]},
            {"deploymentConfiguration": both},
            {"deploymentController": {"type": "CODE_DEPLOY"}},
        )
    ]
    assert refused == [
        (
            "InvalidParameterException",
            "The container main did not have a container port 80 defined.",
        ),
        (
            "InvalidParameterException",
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments.",
        ),
        (
            "InternalFailure",
            "ecs.CreateService with deploymentController CODE_DEPLOY is not emulated",
        ),
    ]


def test_a_service_is_created_once_and_deleted_when_it_wants_nothing(fargate):
    definition = fargate.define(container())
    fargate.serve(definition)
    assert fargate.serve(definition)["serviceName"] == "web"
    other = {"serviceName": "web", "taskDefinition": definition, "launchType": "FARGATE"}
    assert refusal(
        fargate.ecs.create_service,
        cluster=fargate.name,
        desiredCount=3,
        networkConfiguration=fargate.network,
        **other,
    ) == ("InvalidParameterException", "Creation of service was not idempotent.")
    assert refusal(fargate.ecs.delete_service, cluster=fargate.name, service="web") == (
        "InvalidParameterException",
        "The service cannot be stopped while it is scaled above 0.",
    )
    assert refusal(fargate.ecs.delete_cluster, cluster=fargate.name) == (
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
    )
    fargate.ecs.delete_service(cluster=fargate.name, service="web", force=True)
    fargate.waiting("the end", lambda: fargate.service()["status"] == "INACTIVE")
    assert refusal(
        fargate.ecs.update_service, cluster=fargate.name, service="web", desiredCount=1
    ) == ("ServiceNotActiveException", "Service was not ACTIVE.")


def test_rules_are_told_of_tasks_and_deployments(fargate, aws):
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=fargate.name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:000000000000:{fargate.name}"
    kinds = ["ECS Task State Change", "ECS Deployment State Change", "ECS Service Action"]
    events.put_rule(
        Name=fargate.name,
        EventPattern=json.dumps({"source": ["aws.ecs"], "detail-type": kinds}),
    )
    events.put_targets(Rule=fargate.name, Targets=[{"Id": "q", "Arn": arn}])
    cluster = f":cluster/{fargate.name}"
    fargate.serve(fargate.define(container()))
    seen = set()

    def told():
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            detail = event["detail"]
            mine = fargate.name in json.dumps(event["resources"]) or cluster in str(detail)
            if mine:
                seen.add(detail.get("eventName") or detail["lastStatus"])
        return seen >= {
            "PROVISIONING",
            "PENDING",
            "RUNNING",
            "SERVICE_DEPLOYMENT_IN_PROGRESS",
            "SERVICE_DEPLOYMENT_COMPLETED",
            "SERVICE_STEADY_STATE",
        }

    fargate.waiting("the events", told)
    events.remove_targets(Rule=fargate.name, Ids=["q"])
    events.delete_rule(Name=fargate.name)
    sqs.delete_queue(QueueUrl=queue)
