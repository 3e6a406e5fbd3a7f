"""DynamoDB: tables, conditions, transactions, pages, streams; nothing acknowledged is lost."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.contract.refusals import refusal

HASH = {
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


@pytest.fixture
def table(dynamodb, unique):
    dynamodb.create_table(TableName=unique, **HASH)
    yield unique
    dynamodb.delete_table(TableName=unique)


def put(dynamodb, table, key, **more):
    dynamodb.put_item(TableName=table, Item={"k": {"S": key}, **more})


def test_table_is_described_in_its_account_and_region(dynamodb, table):
    described = dynamodb.describe_table(TableName=table)["Table"]
    assert described["TableArn"] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    assert described["TableStatus"] == "ACTIVE"
    by_arn = dynamodb.describe_table(TableName=described["TableArn"])["Table"]
    assert by_arn["TableId"] == described["TableId"]


def test_regions_are_apart(dynamodb, table, aws):
    elsewhere = aws("dynamodb", region_name="eu-west-1")
    assert refusal(elsewhere.describe_table, TableName=table) == (
        "ResourceNotFoundException",
        f"Requested resource not found: Table: {table} not found",
    )


def test_condition_that_fails_changes_nothing_and_gives_the_item(dynamodb, table):
    put(dynamodb, table, "a", owner={"S": "me"})
    with pytest.raises(ClientError) as failed:
        dynamodb.put_item(
            TableName=table,
            Item={"k": {"S": "a"}, "owner": {"S": "you"}},
            ConditionExpression="attribute_not_exists(k)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert failed.value.response["Error"] == {
        "Code": "ConditionalCheckFailedException",
        "Message": "The conditional request failed",
    }
    assert failed.value.response["Item"]["owner"] == {"S": "me"}


def test_transaction_is_all_or_nothing_and_says_why(dynamodb, table):
    put(dynamodb, table, "taken")
    write = [
        {"Put": {"TableName": table, "Item": {"k": {"S": "new"}}}},
        {
            "Put": {
                "TableName": table,
                "Item": {"k": {"S": "taken"}},
                "ConditionExpression": "attribute_not_exists(k)",
            }
        },
    ]
    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(TransactItems=write)
    reasons = [reason["Code"] for reason in cancelled.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert "Item" not in dynamodb.get_item(TableName=table, Key={"k": {"S": "new"}})


def test_scan_gives_pages_and_each_item_once(dynamodb, table):
    keys = {f"k{number}" for number in range(25)}
    for key in keys:
        put(dynamodb, table, key)
    pages = list(dynamodb.get_paginator("scan").paginate(TableName=table, Limit=7))
    found = [item["k"]["S"] for page in pages for item in page["Items"]]
    assert (len(pages), sorted(found)) == (4, sorted(keys))


def test_expired_item_is_deleted(dynamodb, table, waiting):
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True}
    )
    put(dynamodb, table, "old", until={"N": str(int(time.time()) - 60)})
    put(dynamodb, table, "new", until={"N": str(int(time.time()) + 3600)})
    key = {"k": {"S": "old"}}
    waiting(
        "the expired item to go",
        lambda: "Item" not in dynamodb.get_item(TableName=table, Key=key),
        120,
    )
    assert "Item" in dynamodb.get_item(TableName=table, Key={"k": {"S": "new"}})


def test_stream_tells_each_change(dynamodb, aws, unique):
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    created = dynamodb.create_table(TableName=unique, StreamSpecification=specification, **HASH)
    put(dynamodb, unique, "a", n={"N": "1"})
    put(dynamodb, unique, "a", n={"N": "2"})
    streams = aws("dynamodbstreams")
    arn = created["TableDescription"]["LatestStreamArn"]
    assert arn.startswith("arn:aws:dynamodb:us-east-1:000000000000:table/")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY"]
    assert records[1]["dynamodb"]["OldImage"]["n"] == {"N": "1"}
    assert records[0]["awsRegion"] == "us-east-1"
    dynamodb.delete_table(TableName=unique)


def test_tags_and_records_of_a_table(dynamodb, unique):
    created = dynamodb.create_table(
        TableName=unique,
        Tags=[{"Key": "a", "Value": "1"}],
        SSESpecification={"Enabled": True},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        **HASH,
    )["TableDescription"]
    dynamodb.tag_resource(ResourceArn=created["TableArn"], Tags=[{"Key": "b", "Value": "2"}])
    dynamodb.untag_resource(ResourceArn=created["TableArn"], TagKeys=["a"])
    tags = dynamodb.list_tags_of_resource(ResourceArn=created["TableArn"])["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    described = dynamodb.describe_table(TableName=unique)["Table"]
    assert described["SSEDescription"]["Status"] == "ENABLED"
    assert described["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    dynamodb.delete_table(TableName=unique)


def test_errors_are_in_dynamodbs_words(dynamodb, table):
    assert refusal(dynamodb.create_table, TableName=table, **HASH) == (
        "ResourceInUseException",
        f"Table already exists: {table}",
    )
    assert refusal(dynamodb.get_item, TableName="absent", Key={"k": {"S": "a"}}) == (
        "ResourceNotFoundException",
        "Requested resource not found",
    )
    assert refusal(dynamodb.get_item, TableName=table, Key={"other": {"S": "a"}}) == (
        "ValidationException",
        "The provided key element does not match the schema",
    )
    assert refusal(dynamodb.put_item, TableName=table, Item={"other": {"S": "a"}}) == (
        "ValidationException",
        "One or more parameter values were invalid: Missing the key k in the item",
    )


def test_what_is_not_computed_is_refused_by_name(dynamodb, table):
    on = {"PointInTimeRecoveryEnabled": True}
    call = dynamodb.update_continuous_backups
    _, message = refusal(call, TableName=table, PointInTimeRecoverySpecification=on)
    assert "dynamodb.UpdateContinuousBackups with point-in-time recovery" in message
    described = dynamodb.describe_continuous_backups(TableName=table)
    recovery = described["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery == {"PointInTimeRecoveryStatus": "DISABLED"}
    _, message = refusal(dynamodb.create_backup, TableName=table, BackupName="name")
    assert "dynamodb.CreateBackup is not emulated" in message


def test_kill_loses_no_acknowledged_write(own_emulator, unique):
    dynamodb = own_emulator.aws("dynamodb")
    dynamodb.create_table(TableName=unique, Tags=[{"Key": "a", "Value": "1"}], **HASH)
    for number in range(50):
        put(dynamodb, unique, str(number))
    own_emulator.end(9)
    own_emulator.start()
    # Many come first: one engine answers them all.
    with ThreadPoolExecutor(8) as many:
        counts = list(many.map(lambda _: dynamodb.scan(TableName=unique)["Count"], range(8)))
    assert counts == [50] * 8
    found = dynamodb.scan(TableName=unique, Select="COUNT")["Count"]
    arn = dynamodb.describe_table(TableName=unique)["Table"]["TableArn"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
    assert (found, tags) == (50, [{"Key": "a", "Value": "1"}])
