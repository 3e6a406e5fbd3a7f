"""Metric filters put metrics; subscription filters deliver AWS's envelope."""

import gzip
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.logs.conftest import now
from tests.contract.refusals import refusal

ROLE = "arn:aws:iam::000000000000:role/logs"


def statistics(aws, namespace: str, metric: str, **dimensions: str) -> list[dict]:
    end = datetime.now(UTC) + timedelta(minutes=1)
    return aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        StartTime=end - timedelta(minutes=10),
        EndTime=end,
        Period=600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]


def put(logs, group, pattern, **transformation) -> None:
    given = {"metricName": "m", "metricNamespace": group, "metricValue": "1", **transformation}
    logs.put_metric_filter(
        logGroupName=group, filterName="f", filterPattern=pattern, metricTransformations=[given]
    )


def test_metric_is_of_what_fits_and_of_nothing_written_before(logs, group, write, aws, waiting):
    write("ERROR before")
    put(logs, group, "ERROR")
    write("ERROR 1", "fine", "ERROR 2", at=now())
    (found,) = waiting("the metric", lambda: statistics(aws, group, "m"))
    assert (found["Sum"], found["SampleCount"]) == (2, 2)


def test_value_and_dimensions_are_of_the_event(logs, group, write, aws, waiting):
    put(logs, group, "{ $.took > 0 }", metricValue="$.took", dimensions={"Path": "$.path"})
    write(
        json.dumps({"took": 12.5, "path": "/a"}),
        json.dumps({"took": 30, "path": "/a"}),
        json.dumps({"took": 99}),
        at=now(),
    )
    (found,) = waiting("the metric", lambda: statistics(aws, group, "m", Path="/a"))
    assert (found["Sum"], found["Maximum"]) == (42.5, 30)
    assert statistics(aws, group, "m") == []


def test_test_metric_filter_tells_what_was_found(logs):
    answer = logs.test_metric_filter(
        filterPattern="[ip, ..., status = 4*, size]",
        logEventMessages=["1.1.1.1 x 404 7", "1.1.1.1 x 200 7"],
    )
    assert answer["matches"] == [
        {
            "eventNumber": 1,
            "eventMessage": "1.1.1.1 x 404 7",
            "extractedValues": {"$ip": "1.1.1.1", "$status": "404", "$size": "7"},
        }
    ]


def test_filters_are_described_and_deleted(logs, group):
    put(logs, group, "x", defaultValue=0.0)
    answer = logs.describe_metric_filters(metricName="m", metricNamespace=group)
    (found,) = answer["metricFilters"]
    assert (found["filterPattern"], found["applyOnTransformedLogs"]) == ("x", False)
    assert found["metricTransformations"][0]["defaultValue"] == 0.0
    logs.delete_metric_filter(logGroupName=group, filterName="f")
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


def test_malformed_pattern_is_refused(logs, group):
    told = refusal(
        logs.put_metric_filter,
        logGroupName=group,
        filterName="f",
        filterPattern="{ $.a = ",
        metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
    )
    assert told[0] == "InvalidParameterException"
    assert told[1].startswith("Invalid metric filter pattern")


def data_of(record: dict) -> dict:
    return json.loads(gzip.decompress(record["Data"]))


def test_subscription_delivers_to_a_stream(logs, group, write, aws, waiting):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName=group, ShardCount=1)
    arn = f"arn:aws:kinesis:us-east-1:000000000000:stream/{group}"
    logs.put_subscription_filter(
        logGroupName=group,
        filterName="f",
        filterPattern="ERROR",
        destinationArn=arn,
        roleArn=ROLE,
    )
    write("ERROR 1", "fine", "ERROR 2", at=now())
    (shard,) = kinesis.list_shards(StreamName=group)["Shards"]
    iterator = kinesis.get_shard_iterator(
        StreamName=group, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]

    def arrived() -> list[dict]:
        records = map(data_of, kinesis.get_records(ShardIterator=iterator)["Records"])
        return [data for data in records if data["messageType"] == "DATA_MESSAGE"]

    (data,) = waiting("the delivery", arrived)
    assert [event["message"] for event in data.pop("logEvents")] == ["ERROR 1", "ERROR 2"]
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": group,
        "logStream": "s",
        "subscriptionFilters": ["f"],
    }
    kinesis.delete_stream(StreamName=group)


def test_subscription_calls_a_function(logs, group, write, aws, waiting, bucket):
    from tests.contract.lambda_.functions import bundle

    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        f"    boto3.client('s3').put_object(Bucket='{bucket}', Key='k',"
        " Body=event['awslogs']['data'])\n"
    )
    arn = aws("lambda").create_function(
        FunctionName=group,
        Code={"ZipFile": bundle({"main.py": code})},
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
    )["FunctionArn"]
    aws("lambda").get_waiter("function_active_v2").wait(FunctionName=group)
    logs.put_subscription_filter(
        logGroupName=group, filterName="f", filterPattern="", destinationArn=arn
    )
    write("hello", at=now())
    listed = waiting("the call", lambda: aws("s3").list_objects_v2(Bucket=bucket).get("Contents"))
    body = aws("s3").get_object(Bucket=bucket, Key=listed[0]["Key"])["Body"].read()
    data = json.loads(gzip.decompress(b64decode(body)))
    assert [event["message"] for event in data["logEvents"]] == ["hello"]
    logs.delete_subscription_filter(logGroupName=group, filterName="f")
    aws("lambda").delete_function(FunctionName=group)


@pytest.mark.parametrize(
    ("arn", "members", "message"),
    [
        (
            "arn:aws:kinesis:us-east-1:000000000000:stream/none",
            {},
            "destinationArn for vendor kinesis cannot be used without roleArn",
        ),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:none",
            {},
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
            "permission to execute your function.",
        ),
        (
            "arn:aws:kinesis:us-east-1:000000000000:stream/none",
            {"roleArn": ROLE},
            "Could not deliver test message to specified Kinesis stream. Check if the given "
            "kinesis stream is in ACTIVE state.",
        ),
    ],
)
def test_subscription_that_reaches_nobody_is_refused(logs, group, arn, members, message):
    told = refusal(
        logs.put_subscription_filter,
        logGroupName=group,
        filterName="f",
        filterPattern="",
        destinationArn=arn,
        **members,
    )
    assert told == ("InvalidParameterException", message)
