"""What tests of scaling share: a service that runs, and values of a metric that it follows."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
time.sleep(1000)
"""
NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"


class Scaled:
    """A service of ECS that is to be scaled."""

    def __init__(self, aws, waiting, name: str) -> None:
        self.aws, self.waiting, self.name = aws, waiting, name
        self.client = aws("application-autoscaling")
        self.ecs = aws("ecs")
        self.place = {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": f"service/{name}/web",
            "ScalableDimension": DIMENSION,
        }

    def start(self) -> None:
        ecs = self.ecs
        ecs.create_cluster(clusterName=self.name)
        container = {
            "name": "main",
            "image": "python:3.13-slim",
            "command": ["python", "-c", PROGRAM],
        }
        definition = ecs.register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]
        found = self.aws("ec2").describe_subnets()["Subnets"]
        ecs.create_service(
            cluster=self.name,
            serviceName="web",
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [found[0]["SubnetId"]]}},
        )
        self.runs(1)

    def runs(self, count: int) -> None:
        """Wait until the service has so many tasks, and wants no other number."""

        def there() -> bool:
            (found,) = self.ecs.describe_services(cluster=self.name, services=["web"])["services"]
            return found["desiredCount"] == found["runningCount"] == count

        self.waiting(f"{count} tasks", there)

    def register(self, least: int = 1, most: int = 3, **members) -> str:
        """Scalable between bounds, by nothing as yet, and with one task."""
        answer = self.client.register_scalable_target(
            **self.place, MinCapacity=least, MaxCapacity=most, **members
        )
        return answer["ScalableTargetARN"]

    def follow(self, metric: str, **members) -> dict:
        """A target tracking policy on a metric of one's own, with 100 as its target."""
        custom = {"MetricName": metric, "Namespace": self.name, "Statistic": "Average"}
        return self.client.put_scaling_policy(
            **self.place,
            PolicyName="follow",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 100.0,
                "CustomizedMetricSpecification": custom,
                "ScaleInCooldown": 0,
                "ScaleOutCooldown": 0,
                **members,
            },
        )

    def measure(self, metric: str, value: float) -> None:
        """A value of the metric, in the last minutes."""
        now = datetime.now(UTC)
        data = [
            {"MetricName": metric, "Value": value, "Timestamp": now - timedelta(minutes=minutes)}
            for minutes in (0, 1, 2)
        ]
        self.aws("cloudwatch").put_metric_data(Namespace=self.name, MetricData=data)

    def ring(self, alarm: str) -> None:
        """The alarm begins to ring, now."""
        cloudwatch = self.aws("cloudwatch")
        for state in ("OK", "ALARM"):
            cloudwatch.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="test")

    def activities(self) -> list[dict]:
        found = self.client.describe_scaling_activities(
            ServiceNamespace=NAMESPACE, ResourceId=self.place["ResourceId"]
        )
        return found["ScalingActivities"]

    def reset(self) -> None:
        """Nothing scales it, and it has one task."""
        with suppress(self.client.exceptions.ObjectNotFoundException):
            self.client.deregister_scalable_target(**self.place)
        self.ecs.update_service(cluster=self.name, service="web", desiredCount=1)
        self.runs(1)


@pytest.fixture(scope="session")
def running(aws, waiting):
    made = Scaled(aws, waiting, f"scaling-{datetime.now(UTC):%H%M%S%f}")
    made.start()
    yield made
    made.ecs.delete_service(cluster=made.name, service="web", force=True)


@pytest.fixture
def scaled(running):
    """The service, as it was at first."""
    yield running
    running.reset()


@pytest.fixture
def alarm(aws, unique):
    """`alarm(metric, namespace, policy)`: an alarm of one's own at 50, for a policy."""
    cloudwatch = aws("cloudwatch")

    def make(metric: str, namespace: str, policy: str) -> str:
        cloudwatch.put_metric_alarm(
            AlarmName=unique,
            MetricName=metric,
            Namespace=namespace,
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=50,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[policy],
        )
        return unique

    yield make
    cloudwatch.delete_alarms(AlarmNames=[unique])
