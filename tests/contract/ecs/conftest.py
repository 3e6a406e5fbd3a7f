import json

import pytest

IMAGE = "python:3.13-slim"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
LASTING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up", flush=True)
time.sleep(1000)
"""
SERVING = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(os.environ.get("STATUS", "200")))
        self.end_headers()
        self.wfile.write(os.environ.get("ANSWER", "").encode())
    def log_message(self, *_): pass
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


def container(program=LASTING, name="main", **more):
    """A container; one that has not yet said how it takes a signal gets none, as on AWS: its time
    to stop is short.
    """
    command = ["python", "-c", program]
    return {"name": name, "image": IMAGE, "command": command, "stopTimeout": 2, **more}


class Fargate:
    """A cluster and what is needed to run tasks in it."""

    def __init__(self, aws, name, waiting):
        self.aws, self.name, self.waiting = aws, name, waiting
        self.ecs = aws("ecs")
        self.ecs.create_cluster(clusterName=name)
        self.role = aws("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        default = [{"Name": "default-for-az", "Values": ["true"]}]
        subnets = aws("ec2").describe_subnets(Filters=default)["Subnets"]
        self.subnets = sorted(subnet["SubnetId"] for subnet in subnets)
        self.network = {"awsvpcConfiguration": {"subnets": self.subnets[:1]}}
        self.vpc = subnets[0]["VpcId"]

    def define(self, *containers, family=None, **more) -> str:
        given = {
            "family": family or self.name,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": list(containers),
            **more,
        }
        answer = self.ecs.register_task_definition(**given)
        return answer["taskDefinition"]["taskDefinitionArn"]

    def run(self, definition, **more) -> str:
        answer = self.ecs.run_task(
            cluster=self.name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **more,
        )
        assert answer["failures"] == []
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.ecs.describe_tasks(cluster=self.name, tasks=[arn])["tasks"][0]

    def until(self, arn, status="STOPPED"):
        """The task, once it is there."""

        def there():
            found = self.task(arn)
            return found if found["lastStatus"] == status else None

        return self.waiting(f"{arn} to be {status}", there)

    def says(self, arn, line="up"):
        """Wait until a container has written a line."""

        def said():
            try:
                return line in self.output(arn)
            except self.aws("logs").exceptions.ResourceNotFoundException:
                return False

        self.waiting(f"{arn} to say {line}", said)

    def output(self, arn, name="main") -> list[str]:
        """What a container of a stopped task has written."""
        stream = f"p/{name}/{arn.rpartition('/')[2]}"
        events = self.aws("logs").get_log_events(logGroupName=self.name, logStreamName=stream)
        return [event["message"] for event in events["events"]]

    def logs(self) -> dict:
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.name,
                "awslogs-region": "us-east-1",
                "awslogs-stream-prefix": "p",
                "awslogs-create-group": "true",
            },
        }

    def serve(self, definition, name="web", **more):
        """A service."""
        given = {
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            **more,
        }
        return self.ecs.create_service(
            cluster=self.name, serviceName=name, taskDefinition=definition, **given
        )["service"]

    def service(self, name="web"):
        return self.ecs.describe_services(cluster=self.name, services=[name])["services"][0]

    def steady(self, name="web"):
        """The service, once its only deployment is complete."""

        def there():
            found = self.service(name)
            (*others, primary) = reversed(found["deployments"])
            done = primary["rolloutState"] == "COMPLETED" and not others
            full = found["runningCount"] == found["desiredCount"] and not found["pendingCount"]
            return found if done and full else None

        return self.waiting(f"{name} to be steady", there)

    def clear(self):
        for arn in self.ecs.list_services(cluster=self.name)["serviceArns"]:
            self.ecs.delete_service(cluster=self.name, service=arn, force=True)
        for arn in self.ecs.list_tasks(cluster=self.name)["taskArns"]:
            self.ecs.stop_task(cluster=self.name, task=arn)
        self.waiting("an empty cluster", self.is_empty)
        self.ecs.delete_cluster(cluster=self.name)

    def is_empty(self):
        (found,) = self.ecs.describe_clusters(clusters=[self.name])["clusters"]
        counts = ("runningTasksCount", "pendingTasksCount", "activeServicesCount")
        stopping = [
            task
            for arn in self.ecs.list_tasks(cluster=self.name, desiredStatus="STOPPED")["taskArns"]
            if (task := self.task(arn))["lastStatus"] != "STOPPED"
        ]
        return not stopping and not any(found[count] for count in counts)


@pytest.fixture
def fargate(aws, unique, waiting):
    made = Fargate(aws, unique, waiting)
    yield made
    made.clear()
