"""UpdateEndpoint with guardrails: traffic moves as it is told, no request is lost, and an alarm
brings all of it back.
"""

import time

import pytest

from tests.contract.refusals import refusal
from tests.contract.sagemaker.load import under_load
from tests.contract.sagemaker.serving import variant

SAY = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{}'"
GREEN = SAY.format("green")
RAISE = "def model_fn(folder): return 1\ndef transform_fn(model, *request): raise ValueError('no')"


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def blue_green(kind, *, wait=1, final=0, alarm=None, limit=None, **size):
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": final}
    if limit is not None:
        policy["MaximumExecutionTimeoutInSeconds"] = limit
    return guarded(alarm, BlueGreenUpdatePolicy=policy)


def rolling(batch, *, wait=0, alarm=None):
    return guarded(
        alarm, RollingUpdatePolicy={"MaximumBatchSize": batch, "WaitIntervalInSeconds": wait}
    )


def guarded(alarm, **policy):
    if alarm is None:
        return policy
    return policy | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}


@pytest.fixture
def blue(endpoint, model):
    """An endpoint that answers "blue"."""

    def create(count=1, **changes):
        return endpoint(variant(model(SAY.format("blue"), "-b"), InitialInstanceCount=count))

    return create


@pytest.fixture
def update(sagemaker, unique, model, config):
    """Move the endpoint to servers of another program."""

    def start(program=GREEN, count=1, retain=None, **settings):
        name = f"{unique}-green"
        config(name, variant(model(program, "-g"), InitialInstanceCount=count))
        sagemaker.update_endpoint(
            EndpointName=unique, EndpointConfigName=name, **settings, **(retain or {})
        )
        return name

    return start


@pytest.fixture
def baking(sagemaker, unique, waiting):
    """The description of the endpoint once a message of its deployment contains a text."""

    def wait(text):
        def found():
            described = sagemaker.describe_endpoint(EndpointName=unique)
            pending = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
            steps = [step for item in pending for step in item.get("VariantStatus", [])]
            return described if any(text in step["StatusMessage"] for step in steps) else None

        return waiting(text, found, 60)

    return wait


def test_canary_has_its_share_then_everything(
    sagemaker, runtime, unique, blue, update, baking, settled, waiting
):
    blue()
    with under_load(runtime, unique) as load:
        policy = blue_green("CANARY", wait=3, CanarySize=percent(30))
        green = update(DeploymentConfig=policy)
        described = baking("Baking for 3 seconds (WaitIntervalInSeconds)")
        shares = load.wait_for_more(waiting, 100)
        after = settled(unique)
        rest = load.wait_for_more(waiting, 20)
    assert described["EndpointStatus"] == "Updating"
    assert described["EndpointConfigName"] == unique
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    pending = described["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == green
    (step,) = pending["ProductionVariants"][0]["VariantStatus"]
    assert step["StatusMessage"] == (
        "Baking for 3 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity of"
        " 1 instance(s)."
    )
    assert 10 < shares["green"] < 60, shares
    assert after["EndpointConfigName"] == green
    assert after["LastDeploymentConfig"] == policy
    assert "PendingDeploymentSummary" not in after
    assert "FailureReason" not in after
    assert set(rest) == {"green"}
    assert set(load.since()) == {"blue", "green"}


def test_alarm_brings_the_traffic_back(
    runtime, unique, blue, update, baking, settled, waiting, alarm
):
    blue()
    with under_load(runtime, unique) as load:
        policy = blue_green("CANARY", wait=600, alarm=unique, CanarySize=percent(50))
        update(RAISE, DeploymentConfig=policy)
        baking("Baking for 600 seconds")
        load.wait_for_more(waiting, 20)
        alarm("ALARM")
        after = settled(unique)
        rest = load.wait_for_more(waiting, 30)
    assert after["EndpointStatus"] == "InService"
    assert after["EndpointConfigName"] == unique
    assert after["FailureReason"] == (
        "The deployment was rolled back because these CloudWatch alarms were in ALARM state:"
        f" [{unique}]."
    )
    assert set(rest) == {"blue"}
    assert set(load.since()) == {"blue", "ModelError"}


def test_alarm_that_rings_already_ends_the_deployment_before_it_has_traffic(
    runtime, unique, blue, update, settled, alarm
):
    blue()
    alarm("ALARM")
    with under_load(runtime, unique) as load:
        update(RAISE, DeploymentConfig=blue_green("ALL_AT_ONCE", final=60, alarm=unique))
        after = settled(unique)
    assert "in ALARM state" in after["FailureReason"]
    assert set(load.since()) <= {"blue"}


def test_linear_deployment_moves_step_by_step(runtime, unique, blue, update, baking, settled):
    blue(count=2)
    with under_load(runtime, unique) as load:
        policy = blue_green("LINEAR", LinearStepSize={"Type": "INSTANCE_COUNT", "Value": 1})
        update(count=2, DeploymentConfig=policy)
        half = baking("linear capacity of 1 instance(s)")
        after = settled(unique)
    (pending,) = half["PendingDeploymentSummary"]["ProductionVariants"]
    assert (pending["CurrentInstanceCount"], pending["DesiredInstanceCount"]) == (1, 2)
    assert after["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert set(load.since()) == {"blue", "green"}


def test_rolling_deployment_replaces_servers_batch_by_batch(
    runtime, unique, blue, update, baking, settled
):
    blue(count=2)
    with under_load(runtime, unique) as load:
        green = update(count=2, DeploymentConfig=rolling(percent(50), wait=1))
        baking("with traffic enabled on 1 instance(s)")
        after = settled(unique)
    assert after["EndpointConfigName"] == green
    assert set(load.since()) == {"blue", "green"}


def test_rolling_deployment_goes_back(
    runtime, unique, blue, update, baking, settled, waiting, alarm
):
    blue(count=2)
    with under_load(runtime, unique) as load:
        update(count=2, DeploymentConfig=rolling(percent(50), wait=2, alarm=unique))
        baking("with traffic enabled on 2 instance(s)")
        alarm("ALARM")
        after = settled(unique)
        rest = load.wait_for_more(waiting, 30)
    assert after["EndpointConfigName"] == unique
    assert "in ALARM state" in after["FailureReason"]
    assert after["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    assert set(rest) == {"blue"}
    assert set(load.since()) == {"blue", "green"}


def test_rollback_that_fails_leaves_a_mixture_that_the_next_update_ends(
    aws, sagemaker, runtime, unique, bucket, blue, update, baking, settled, waiting, alarm
):
    blue(count=2)
    with under_load(runtime, unique) as load:
        policy = rolling(percent(50), wait=2, alarm=unique)
        green = update(count=2, DeploymentConfig=policy)
        baking("with traffic enabled on 2 instance(s)")
        aws("s3").delete_object(Bucket=bucket, Key=f"{unique}-b/model.tar.gz")
        alarm("ALARM")
        mixed = settled(unique)
        both = load.wait_for_more(waiting, 60)
        alarm("OK")
        sagemaker.update_endpoint(EndpointName=unique, EndpointConfigName=green)
        after = settled(unique)
        rest = load.wait_for_more(waiting, 20)
    assert mixed["EndpointStatus"] == "UpdateRollbackFailed"
    assert "in ALARM state" in mixed["FailureReason"]
    assert "Failed to download model data" in mixed["FailureReason"]
    assert set(both) == {"blue", "green"}
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", green)
    assert set(rest) == {"green"}
    assert set(load.since()) == {"blue", "green"}


def test_servers_that_never_ping_leave_the_old_ones(runtime, unique, blue, update, settled):
    blue()
    with under_load(runtime, unique) as load:
        update("raise ValueError('broken')", DeploymentConfig=blue_green("ALL_AT_ONCE"))
        after = settled(unique)
    assert after["EndpointConfigName"] == unique
    assert "did not pass the ping health check" in after["FailureReason"]
    assert set(load.since()) <= {"blue"}


def test_endpoint_takes_one_change_at_a_time(sagemaker, unique, blue, update, baking, alarm):
    arn = blue()["EndpointArn"]
    policy = blue_green("ALL_AT_ONCE", final=600, alarm=unique)
    green = update(DeploymentConfig=policy)
    baking("(TerminationWaitInSeconds) with traffic enabled on full capacity")
    expected = ("ValidationException", f'Cannot update in-progress endpoint "{arn}".')
    assert refusal(sagemaker.delete_endpoint, EndpointName=unique) == expected
    assert (
        refusal(sagemaker.update_endpoint, EndpointName=unique, EndpointConfigName=green)
        == expected
    )
    assert (
        refusal(
            sagemaker.update_endpoint_weights_and_capacities,
            EndpointName=unique,
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 2}],
        )
        == expected
    )
    alarm("ALARM")


def test_properties_and_policy_are_retained(sagemaker, unique, blue, update, settled):
    blue()
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=unique,
        DesiredWeightsAndCapacities=[
            {"VariantName": "AllTraffic", "DesiredWeight": 5, "DesiredInstanceCount": 2}
        ],
    )
    scaled = settled(unique)["ProductionVariants"][0]
    assert (scaled["CurrentInstanceCount"], scaled["CurrentWeight"]) == (2, 5)
    excluded = [{"VariantPropertyType": "DesiredWeight"}]
    update(
        retain={
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": excluded,
            "RetainDeploymentConfig": True,
        }
    )
    moved = settled(unique)["ProductionVariants"][0]
    assert (moved["CurrentInstanceCount"], moved["CurrentWeight"]) == (2, 1)


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        (
            blue_green("CANARY"),
            "CanarySize is required for traffic routing type CANARY.",
        ),
        (
            blue_green("CANARY", CanarySize=percent(60)),
            "CanarySize must be less than or equal to 50% of the variant's total instance count.",
        ),
        (
            blue_green("LINEAR", LinearStepSize=percent(5)),
            "LinearStepSize must be between 10% and 50% of the variant's total instance count.",
        ),
        (
            rolling({"Type": "INSTANCE_COUNT", "Value": 1}),
            "MaximumBatchSize must be between 5% and 50% of the variant's total instance count.",
        ),
        (
            blue_green("ALL_AT_ONCE", final=600, limit=600),
            "MaximumExecutionTimeoutInSeconds must be larger than the total waiting time specified"
            " in TerminationWaitInSeconds and WaitIntervalInSeconds.",
        ),
        (
            blue_green("ALL_AT_ONCE", alarm="no-such-alarm"),
            "Could not find CloudWatch alarm [no-such-alarm].",
        ),
    ],
)
def test_deployment_that_cannot_be_followed_is_refused(
    sagemaker, unique, model, config, deployment, message
):
    config(unique, variant(model()))
    assert refusal(
        sagemaker.create_endpoint,
        EndpointName=unique,
        EndpointConfigName=unique,
        DeploymentConfig=deployment,
    ) == ("ValidationException", message)


def test_new_servers_have_metrics_of_their_own(
    aws, runtime, unique, blue, update, baking, settled, waiting, alarm
):
    blue()

    def average(config):
        names = {"EndpointName": unique, "VariantName": "AllTraffic", "EndpointConfigName": config}
        now = time.time()
        points = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
            StartTime=now - 600,
            EndTime=now + 600,
            Period=3600,
            Statistics=["Average"],
        )["Datapoints"]
        return [point["Average"] for point in points]

    with under_load(runtime, unique) as load:
        policy = blue_green("CANARY", wait=600, alarm=unique, CanarySize=percent(50))
        green = update(RAISE, DeploymentConfig=policy)
        baking("Baking for 600 seconds")
        load.wait_for_more(waiting, 20)
        assert waiting("the errors of the new servers", lambda: average(green)) == [1]
        assert waiting("the old servers' metrics", lambda: average(unique)) == [0]
        alarm("ALARM")
        settled(unique)
