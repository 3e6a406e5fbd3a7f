"""UpdateEndpointWeightsAndCapacities: servers and shares of traffic really change."""

import pytest

from tests.contract.refusals import refusal
from tests.contract.sagemaker.load import under_load
from tests.contract.sagemaker.programs import PID
from tests.contract.sagemaker.serving import variant

SAY = "def model_fn(folder): return 1\ndef transform_fn(model, *request): return '{}'"


@pytest.fixture
def change(sagemaker, unique, settled):
    def apply(**changes):
        wanted = [{"VariantName": name, **change} for name, change in changes.items()]
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=unique, DesiredWeightsAndCapacities=wanted
        )
        return settled(unique)

    return apply


def test_variant_grows_and_shrinks_without_losing_a_request(
    runtime, unique, endpoint, model, change, waiting
):
    endpoint(variant(model(PID)))
    with under_load(runtime, unique) as load:
        alone = load.wait_for_more(waiting, 10)
        grown = change(AllTraffic={"DesiredInstanceCount": 3})
        three = load.wait_for_more(waiting, 30)
        shrunk = change(AllTraffic={"DesiredInstanceCount": 1})
        last = load.wait_for_more(waiting, 10)
    assert grown["ProductionVariants"][0]["CurrentInstanceCount"] == 3
    assert shrunk["ProductionVariants"][0]["DesiredInstanceCount"] == 1
    assert (len(alone), len(three)) == (1, 3)
    assert set(last) == set(alone)
    assert all(answer.isdigit() for answer in load.since())


def test_weights_move_the_traffic(runtime, unique, endpoint, model, change, waiting):
    endpoint(
        variant(model(SAY.format("a"), "-a"), "a", InitialVariantWeight=1),
        variant(model(SAY.format("b"), "-b"), "b", InitialVariantWeight=0),
    )
    with under_load(runtime, unique) as load:
        before = load.wait_for_more(waiting, 20)
        found = change(a={"DesiredWeight": 0}, b={"DesiredWeight": 2})
        after = load.wait_for_more(waiting, 20)
    assert set(before) == {"a"}
    assert set(after) <= {"a", "b"}
    assert after["b"] >= 17
    weights = {item["VariantName"]: item["CurrentWeight"] for item in found["ProductionVariants"]}
    assert weights == {"a": 0, "b": 2}


def test_change_that_cannot_be_is_refused(sagemaker, unique, endpoint, model):
    arn = endpoint(variant(model()))["EndpointArn"]

    def refused(**change):
        wanted = [{"VariantName": "AllTraffic", **change}]
        return refusal(
            sagemaker.update_endpoint_weights_and_capacities,
            EndpointName=unique,
            DesiredWeightsAndCapacities=wanted,
        )

    code = "ValidationException"
    missing = f'Variant "other" was not found in endpoint "{arn}".'
    assert refused(VariantName="other") == (code, missing)
    assert refused(DesiredInstanceCount=0)[0] == code
    assert refused(DesiredWeight=0) == (
        code,
        "The sum of the variants' weights must be greater than zero.",
    )
