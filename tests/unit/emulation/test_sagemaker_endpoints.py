"""Deployments' sizes and steps, the router's shares, the metrics of an invocation."""

from collections import Counter

import pytest
from localstack.aws.api import CommonServiceException

from emulation.compute.serving import Fleet
from emulation.services.sagemaker import guardrails, traffic
from emulation.services.sagemaker.deployments import Deployment, ServingVariant
from emulation.services.sagemaker.endpoint_events import shouted
from emulation.services.sagemaker.endpoint_metrics import Invocation, counted
from emulation.services.sagemaker.guardrails import Policy, batches
from emulation.services.sagemaker.launching import DeploymentError
from emulation.services.sagemaker.rollout import Rollout
from emulation.services.sagemaker.store import Endpoint, PendingDeployment, Variant
from emulation.services.sagemaker.traffic import Router, Share


def variant(name="v", weight=1.0, count=1):
    instances = [f"i-{name}-{number}" for number in range(count)]
    return Variant(name, {}, weight, count, 240.0, instances)


def deployment(*variants):
    return Deployment([ServingVariant(item, tally=None) for item in variants])


def config(kind="CANARY", wait=10, final=20, limit=None, **size):
    routing = {"Type": kind, "WaitIntervalInSeconds": wait, **size}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": final}
    if limit:
        policy["MaximumExecutionTimeoutInSeconds"] = limit
    return {"BlueGreenUpdatePolicy": policy}


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value):
    return {"Type": "INSTANCE_COUNT", "Value": value}


@pytest.mark.parametrize(
    ("deployment_config", "count", "parts"),
    [
        (None, 3, [1.0]),
        (config("ALL_AT_ONCE"), 3, [1.0]),
        (config(CanarySize=percent(30)), 1, [0.3, 1.0]),
        (config(CanarySize=instances(1)), 4, [0.25, 1.0]),
        (config("LINEAR", LinearStepSize=percent(20)), 1, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (config("LINEAR", LinearStepSize=percent(30)), 1, [0.3, 0.6, 0.9, 1.0]),
        (config("LINEAR", LinearStepSize=instances(1)), 3, [1 / 3, 2 / 3, 1.0]),
    ],
)
def test_traffic_moves_in_steps(deployment_config, count, parts):
    steps = Policy.of(deployment_config).steps(count)
    assert [step.part for step in steps] == pytest.approx(parts)
    assert [step.member for step in steps[:-1]] == ["WaitIntervalInSeconds"] * (len(parts) - 1)
    assert steps[-1].member == "TerminationWaitInSeconds"


@pytest.mark.parametrize(
    ("size", "count", "expected"),
    [
        (percent(50), 4, [2, 2]),
        (percent(40), 3, [2, 1]),
        (instances(1), 3, [1, 1, 1]),
        (percent(5), 1, [1]),
        ({}, 3, [3]),
    ],
)
def test_batches_hold_every_instance_once(size, count, expected):
    assert batches(size, count) == expected


@pytest.mark.parametrize(
    ("deployment_config", "count", "message"),
    [
        (config(CanarySize=instances(1)), 1, "CanarySize must be less than or equal to 50%"),
        (config("LINEAR"), 1, "LinearStepSize is required"),
        (config("ALL_AT_ONCE", CanarySize=percent(5)), 1, "CanarySize cannot be specified"),
        (config(CanarySize=percent(10), wait=500, final=100, limit=600), 1, "must be larger than"),
    ],
)
def test_sizes_and_times_are_checked(deployment_config, count, message):
    with pytest.raises(CommonServiceException, match=message):
        guardrails.check(deployment_config, [variant(count=count)])


def test_both_policies_are_one_too_many():
    both = config(CanarySize=percent(5)) | {"RollingUpdatePolicy": {}}
    with pytest.raises(CommonServiceException, match="Only one of"):
        guardrails.check(both, [variant()])


def test_guarded_deployments_keep_the_variants_names():
    guardrails.check_names(None, [variant("a")], [variant("b")])
    with pytest.raises(CommonServiceException, match="same variant names"):
        guardrails.check_names(config(CanarySize=percent(5)), [variant("a")], [variant("b")])
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(50), "WaitIntervalInSeconds": 0}}
    two = [variant("a"), variant("b")]
    with pytest.raises(CommonServiceException, match="multiple variants"):
        guardrails.check_names(rolling, two, two)


def chosen(router, count=2000, name=None):
    found = Counter()
    for _ in range(count):
        serving = router.enter(name)
        found[id(serving)] += 1
        router.leave(serving)
    return found


def test_router_shares_by_part_and_weight():
    blue = deployment(variant("a", 3.0), variant("b", 1.0))
    green = deployment(variant("a", 30.0), variant("b", 10.0))
    router = Router(blue)
    router.route(Share(green, 0.2), Share(blue, 0.8))
    found = chosen(router)
    parts = [found[id(item)] / 2000 for one in (blue, green) for item in one.serving]
    assert parts == pytest.approx([0.6, 0.2, 0.15, 0.05], abs=0.05)
    named = chosen(router, 500, "b")
    assert set(named) == {id(blue.serving[1]), id(green.serving[1])}


def test_router_forgets_who_has_no_traffic():
    blue, green = deployment(variant()), deployment(variant())
    router = Router(blue)
    router.route(Share(green, 1.0), Share(blue, 0.0))
    assert router.deployments == [green]
    assert set(chosen(router, 50)) == {id(green.serving[0])}
    with pytest.raises(traffic.NoVariantError):
        router.enter("other")


def test_variant_without_weight_answers_who_asks_for_it():
    both = deployment(variant("a", 1.0), variant("shy", 0.0))
    router = Router(both)
    assert set(chosen(router, 50)) == {id(both.serving[0])}
    assert set(chosen(router, 5, "shy")) == {id(both.serving[1])}


def test_fleet_drains_when_everybody_has_their_answer(monkeypatch):
    monkeypatch.setattr("emulation.compute.serving.INVOCATION_SECONDS", 0.01)
    fleet = Fleet([])
    fleet.expect()
    fleet.drain()
    assert fleet._expected == 1
    fleet.expect_no_more()
    assert fleet._expected == 0


def test_deployment_that_takes_too_long_is_given_up():
    policy = Policy.of(config(CanarySize=percent(10), limit=600))
    endpoint = Endpoint("e", "arn", "old")
    pending = PendingDeployment("new", [variant()])
    router = Router(deployment(variant()))
    rollout = Rollout(None, endpoint, router, policy, pending, save=lambda: None)
    rollout.watch()
    rollout.started -= 601
    with pytest.raises(DeploymentError, match="MaximumExecutionTimeoutInSeconds \\(600\\)"):
        rollout.watch()


def test_metrics_of_invocations():
    found = counted([Invocation(200, 0.001, 0.0015, 2), Invocation(500, 0.002, 0.003, 2)])
    named = {metric.name: dict(counts) for metric, counts in found.items()}
    assert named == {
        "Invocations": {1: 2},
        "InvocationsPerInstance": {0.5: 2},
        "Invocation4XXErrors": {0: 2},
        "Invocation5XXErrors": {0: 1, 1: 1},
        "InvocationModelErrors": {0: 1, 1: 1},
        "ModelLatency": {1000: 1, 2000: 1},
        "OverheadLatency": {500: 1, 1000: 1},
    }
    assert all(metric.unit == "Microseconds" for metric in found if "Latency" in metric.name)


def test_no_answer_is_an_error_without_a_latency():
    found = counted([Invocation(503, 0.0, 0.001, 1)])
    named = {metric.name: dict(counts) for metric, counts in found.items()}
    assert named["Invocation5XXErrors"] == {1: 1}
    assert "ModelLatency" not in named


@pytest.mark.parametrize(
    ("status", "text"), [("InService", "IN_SERVICE"), ("RollingBack", "ROLLING_BACK")]
)
def test_events_write_a_status_their_own_way(status, text):
    assert shouted(status) == text
