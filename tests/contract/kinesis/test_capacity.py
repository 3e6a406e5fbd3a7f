"""The account's commitment, and the warm throughput of on-demand streams that it opens."""

from datetime import timedelta

import pytest

from tests.contract.refusals import refusal

REGION = "eu-central-1"
"""A region that no other test uses: the commitment is the account's, for at least a day."""


@pytest.fixture
def kinesis(aws):
    return aws("kinesis", region_name=REGION, parameter_validation=False)


@pytest.fixture
def on_demand(kinesis, unique):
    """The name of an on-demand stream."""
    kinesis.create_stream(StreamName=unique, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    yield unique
    kinesis.delete_stream(StreamName=unique, EnforceConsumerDeletion=True)


@pytest.fixture
def committed(kinesis):
    commit(kinesis, "ENABLED")


def commit(kinesis, status):
    answer = kinesis.update_account_settings(MinimumThroughputBillingCommitment={"Status": status})
    return answer["MinimumThroughputBillingCommitment"]


def told(kinesis):
    return kinesis.describe_account_settings()["MinimumThroughputBillingCommitment"]


def summary(kinesis, name):
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def test_commitment_lasts_a_day_at_least(kinesis, aws):
    elsewhere = aws("kinesis", region_name="eu-central-2")
    assert elsewhere.describe_account_settings()["MinimumThroughputBillingCommitment"] == {
        "Status": "DISABLED"
    }
    begun = commit(kinesis, "ENABLED")
    assert begun["Status"] == "ENABLED"
    assert begun["EarliestAllowedEndAt"] - begun["StartedAt"] == timedelta(days=1)
    assert told(kinesis) == begun
    ending = begun | {"Status": "ENABLED_UNTIL_EARLIEST_ALLOWED_END"}
    assert commit(kinesis, "DISABLED") == ending
    assert told(kinesis) == ending
    assert commit(kinesis, "ENABLED") == begun


@pytest.mark.usefixtures("committed")
def test_warm_throughput_has_its_shards(kinesis, on_demand, unique):
    assert "WarmThroughput" not in summary(kinesis, on_demand)
    warm = {"TargetMiBps": 10, "CurrentMiBps": 10}
    answer = kinesis.update_stream_warm_throughput(StreamName=on_demand, WarmThroughputMiBps=10)
    described = summary(kinesis, on_demand)
    assert (answer["StreamName"], answer["WarmThroughput"]) == (on_demand, warm)
    assert answer["StreamARN"] == described["StreamARN"]
    assert (described["WarmThroughput"], described["OpenShardCount"]) == (warm, 10)
    name = f"{unique}-warm"
    kinesis.create_stream(
        StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"}, WarmThroughputMiBps=6
    )
    assert summary(kinesis, name)["OpenShardCount"] == 6
    mode = {"StreamARN": summary(kinesis, name)["StreamARN"]}
    kinesis.update_stream_mode(**mode, StreamModeDetails={"StreamMode": "PROVISIONED"})
    assert "WarmThroughput" not in summary(kinesis, name)
    kinesis.update_stream_mode(
        **mode, StreamModeDetails={"StreamMode": "ON_DEMAND"}, WarmThroughputMiBps=8
    )
    assert summary(kinesis, name)["OpenShardCount"] == 8
    kinesis.delete_stream(StreamName=name)


@pytest.mark.usefixtures("committed")
def test_committed_account_has_fifty_consumers_of_a_stream(kinesis, on_demand):
    arn = summary(kinesis, on_demand)["StreamARN"]
    for number in range(50):
        kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=f"c{number}")
    code, _ = refusal(kinesis.register_stream_consumer, StreamARN=arn, ConsumerName="more")
    assert code == "LimitExceededException"


@pytest.mark.usefixtures("committed")
def test_warm_throughput_is_for_on_demand_streams_and_has_a_limit(kinesis, on_demand, unique):
    name = f"{unique}-provisioned"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    update = kinesis.update_stream_warm_throughput
    assert refusal(update, StreamName=name, WarmThroughputMiBps=1)[0] == "ValidationException"
    code, _ = refusal(kinesis.create_stream, StreamName="x", ShardCount=1, WarmThroughputMiBps=1)
    assert code == "ValidationException"
    too_much = {"StreamName": on_demand, "WarmThroughputMiBps": 10_241}
    assert refusal(update, **too_much)[0] == "ValidationException"
    kinesis.delete_stream(StreamName=name)


def test_warm_throughput_needs_the_commitment(aws, unique):
    kinesis = aws("kinesis", region_name="eu-central-2")
    kinesis.create_stream(StreamName=unique, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    code, message = refusal(
        kinesis.update_stream_warm_throughput, StreamName=unique, WarmThroughputMiBps=5
    )
    assert (code, "MinimumThroughputBillingCommitment" in message) == ("ValidationException", True)
    assert summary(kinesis, unique)["OpenShardCount"] == 4
    kinesis.delete_stream(StreamName=unique)


def test_commitment_that_is_none_is_refused(kinesis):
    code, _ = refusal(
        kinesis.update_account_settings, MinimumThroughputBillingCommitment={"Status": "PERHAPS"}
    )
    assert code == "ValidationException"
