"""What surrounds the consumers, as working miniatures of AWS's services in memory."""

import hashlib
import io
import json
import random
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from pipeline.consumers.settings import ConsumerSettings
from pipeline.consumers.worker import Worker

FAILOVER = 10.0
STREAM = "t-events"


def failure(code, **more):
    return ClientError({"Error": {"Code": code, "Message": code}, **more}, "Operation")


class Clock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def pass_by(self, seconds):
        self.now += seconds


class Table:
    """DynamoDB: items by their key, conditional writes."""

    def __init__(self):
        self.items = {}
        self.lose_answers = 0
        self._lock = threading.Lock()

    def get_paginator(self, operation):
        assert operation == "scan"
        return self

    def paginate(self, *, TableName, ConsistentRead):
        assert ConsistentRead
        with self._lock:
            items = [dict(item) for item in self.items.values()]
        # In pages, as a scan of a large table is.
        yield {"Items": items[:1]}
        yield {"Items": items[1:]}

    def get_item(self, *, TableName, Key, ConsistentRead):
        assert ConsistentRead
        with self._lock:
            item = self.items.get(Key["leaseKey"]["S"])
        return {"Item": dict(item)} if item else {}

    def put_item(self, *, TableName, Item, ConditionExpression):
        with self._lock:
            key = Item["leaseKey"]["S"]
            self._check(self.items.get(key, {}), ConditionExpression, {})
            self.items[key] = dict(Item)

    def update_item(
        self,
        *,
        TableName,
        Key,
        UpdateExpression,
        ConditionExpression,
        ExpressionAttributeValues,
    ):
        with self._lock:
            item = self.items.get(Key["leaseKey"]["S"], {})
            self._check(item, ConditionExpression, ExpressionAttributeValues)
            sets, _, removes = UpdateExpression.removeprefix("SET ").partition(" REMOVE ")
            for clause in sets.split(", "):
                name, value = clause.split(" = ")
                item[name] = ExpressionAttributeValues[value]
            for name in removes.split(", "):
                item.pop(name, None)
            if self.lose_answers:
                self.lose_answers -= 1
                # The SDK sends the request again, and this is what it is told then.
                raise failure("ConditionalCheckFailedException")

    def delete_item(self, *, TableName, Key, ConditionExpression, ExpressionAttributeValues):
        with self._lock:
            key = Key["leaseKey"]["S"]
            self._check(self.items.get(key, {}), ConditionExpression, ExpressionAttributeValues)
            del self.items[key]

    def _check(self, item, condition, values):
        for clause in condition.split(" AND "):
            if absent := re.fullmatch(r"attribute_not_exists\((\w+)\)", clause):
                holds = absent[1] not in item
            else:
                name, value = clause.split(" = ")
                holds = item.get(name) == values[value]
            if not holds:
                raise failure("ConditionalCheckFailedException")

    def owners(self):
        return {key: item.get("leaseOwner", {}).get("S") for key, item in self.items.items()}

    def column(self, key, name):
        return next(iter(self.items[key].get(name, {"": None}).values()))


@dataclass
class Shard:
    records: list = field(default_factory=list)
    parents: tuple = ()
    is_closed: bool = False


class Stream:
    """Kinesis: shards with records, iterators that expire, resharding."""

    def __init__(self, shards):
        self.shards = {shard_id(number): Shard() for number in range(shards)}
        self.fails_with = []
        self.reads = []
        self.expire_iterators = False
        self._numbers = iter(range(10**20, 10**21))

    def put(self, shard, payloads):
        for data in payloads:
            number = str(next(self._numbers))
            self.shards[shard].records.append(
                {
                    "SequenceNumber": number,
                    "Data": data,
                    "ApproximateArrivalTimestamp": datetime.now(UTC) - timedelta(hours=1),
                }
            )

    def reshard(self, parents, children):
        for parent in parents:
            self.shards[parent].is_closed = True
        for child in children:
            self.shards[child] = Shard(parents=tuple(parents))

    def get_paginator(self, operation):
        assert operation == "list_shards"
        return self

    def paginate(self, *, StreamName):
        for name, shard in self.shards.items():
            names = ("ParentShardId", "AdjacentParentShardId")
            yield {"Shards": [{"ShardId": name, **dict(zip(names, shard.parents, strict=False))}]}

    def get_shard_iterator(
        self, *, StreamName, ShardId, ShardIteratorType, StartingSequenceNumber="0"
    ):
        if ShardId not in self.shards:
            raise failure("ResourceNotFoundException")
        assert (ShardIteratorType == "TRIM_HORIZON") == (StartingSequenceNumber == "0")
        return {"ShardIterator": f"{ShardId} {StartingSequenceNumber} fresh"}

    def get_records(self, *, ShardIterator, Limit):
        if self.fails_with:
            raise failure(self.fails_with.pop())
        name, after, state = ShardIterator.split()
        if self.expire_iterators and state != "fresh":
            raise failure("ExpiredIteratorException")
        shard = self.shards[name]
        left = [r for r in shard.records if int(r["SequenceNumber"]) > int(after)]
        read = left[:Limit]
        self.reads += [(name, record["SequenceNumber"]) for record in read]
        answer = {"Records": read, "MillisBehindLatest": 1000 * (len(left) > len(read))}
        if not shard.is_closed or len(left) > len(read):
            last = read[-1]["SequenceNumber"] if read else after
            answer["NextShardIterator"] = f"{name} {last} used"
        return answer


class Endpoint:
    """SageMaker's runtime; the model refuses what `refuses` says, and fails for what `breaks`."""

    def __init__(self):
        self.refuses = lambda instance: False
        self.breaks = lambda instance: False
        self.failures = []
        self.before = lambda: None
        self.asked = []

    def invoke_endpoint(self, *, EndpointName, ContentType, Accept, Body):
        self.before()
        if self.failures:
            raise self.failures.pop()
        instances = json.loads(Body)["instances"]
        self.asked.append(instances)
        if any(map(self.refuses, instances)):
            said = "distance must be a whole number"
            raise failure("ModelError", OriginalStatusCode=400, OriginalMessage=said)
        if any(map(self.breaks, instances)):
            raise failure("ModelError", OriginalStatusCode=500, OriginalMessage="list index")
        predictions = [
            {"probability": item.get("distance", 0) % 100 / 100, "late": False}
            for item in instances
        ]
        body = json.dumps({"predictions": predictions}).encode()
        return {"Body": io.BytesIO(body), "InvokedProductionVariant": "live"}


class Bucket:
    """S3: objects."""

    def __init__(self):
        self.objects = {}
        self.puts = []
        self.after = lambda: None

    def put_object(self, *, Bucket, Key, Body, ContentType=None):
        self.objects[Key] = Body
        self.puts.append(Key)
        self.after()

    def get_object(self, *, Bucket, Key):
        if Key not in self.objects:
            raise failure("NoSuchKey")
        body = self.objects[Key]
        return {"Body": io.BytesIO(body), "ETag": hashlib.md5(body).hexdigest()}

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket, Prefix):
        names = [name for name in self.objects if name.startswith(Prefix)]
        tags = {name: hashlib.md5(self.objects[name]).hexdigest() for name in names}
        yield {"Contents": [{"Key": n, "ETag": tags[n], "Size": 1} for n in names]}

    def lines(self, prefix):
        return [
            json.loads(line)
            for key, body in self.objects.items()
            if key.startswith(prefix)
            for line in body.splitlines()
        ]

    def predicted(self):
        return sorted(line["flight_id"] for line in self.lines("predictions/"))


class CloudWatch:
    def __init__(self):
        self.sums = {}

    def put_metric_data(self, *, Namespace, MetricData):
        for datum in MetricData:
            total = self.sums.get(datum["MetricName"], 0) + datum["StatisticValues"]["Sum"]
            self.sums[datum["MetricName"]] = total


class Cloud:
    """All of it, and workers in it."""

    def __init__(self, shards=1):
        self.clock = Clock()
        self.table, self.stream = Table(), Stream(shards)
        self.endpoint, self.bucket, self.metrics = Endpoint(), Bucket(), CloudWatch()
        self.services = {
            "dynamodb": self.table,
            "kinesis": self.stream,
            "sagemaker-runtime": self.endpoint,
            "s3": self.bucket,
            "cloudwatch": self.metrics,
        }

    def worker(self, name, *, threads=False, **changes):
        settings = ConsumerSettings(
            stream=STREAM,
            lease_table="leases",
            endpoint="t",
            lake_bucket="lake",
            failover=FAILOVER,
            worker=name,
            **{"batch": 100, **changes},
        )
        return Hand(
            Worker(
                settings,
                self.services.__getitem__,
                clock=self.clock,
                chance=random.Random(name),
                begin=threading.Thread.start if threads else lambda _: None,
            )
        )


class Hand:
    """A worker whose turns, renewals and batches are done one by one, by hand."""

    def __init__(self, worker):
        self.worker = worker

    def turn(self):
        self.worker.turn()

    def renew(self):
        self.worker.renewer.renew_all()

    @property
    def processors(self):
        return {key: reading.processor for key, reading in self.worker.readings.items()}

    def step(self, shard):
        return self.processors[shard].step()


def shard_id(number):
    return f"shardId-{number:012d}"
