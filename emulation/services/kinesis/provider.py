"""The operations of Kinesis Data Streams, each of them a line to the module that does it.

Streams are ACTIVE when the operation that makes or changes them returns, because the work is done
by then; so are consumers. Encryption and resource policies are recorded and told as on AWS: they
change nothing on this machine's disk, and nobody's access.
"""

from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.http import Response
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services.kinesis import (
    accounts,
    capacity,
    consumers,
    creation,
    encryption,
    errors,
    listing,
    monitoring,
    policies,
    records,
    resharding,
    shortcuts,
    store,
    streams,
    tags,
    wire,
)
from emulation.services.kinesis.constraints import check
from emulation.services.kinesis.subscriptions import SUBSCRIPTIONS, subscribe
from emulation.services.kinesis.throughput import throughput

Request = dict[str, Any]
Answer = dict[str, Any]


class KinesisProvider(ServiceLifecycleHook):
    """Kinesis on the stream engine."""

    service = "kinesis"

    def on_after_init(self) -> None:
        """Answer the hot operations before the gateway does, where nothing limits them."""
        if not throughput():
            shortcuts.install()

    def on_before_stop(self) -> None:
        """Subscribers go, and everything to the disk."""
        SUBSCRIPTIONS.close()
        store.engine().close()

    @handler("CreateStream", expand=False)
    def create_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        creation.create(context, request)

    @handler("DeleteStream", expand=False)
    def delete_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        creation.delete(context, request)

    @handler("DescribeStream", expand=False)
    def describe_stream(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        stream = store.find(context, request)
        start = request.get("ExclusiveStartShardId")
        after = streams.number_of(start, stream) if start else -1
        shards = [shard for shard in stream.listed_shards(store.now_ms()) if shard.number > after]
        limit = min(request.get("Limit") or listing.PAGE, listing.PAGE)
        described = streams.description(context, stream) | {
            "Shards": [streams.shard(shard) for shard in shards[:limit]],
            "HasMoreShards": len(shards) > limit,
        }
        return {"StreamDescription": described}

    @handler("DescribeStreamSummary", expand=False)
    def describe_stream_summary(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        described = streams.description_summary(context, store.find(context, request))
        return {"StreamDescriptionSummary": described}

    @handler("DescribeLimits", expand=False)
    def describe_limits(self, context: RequestContext, request: Request) -> Answer:
        found = store.engine().list(context.account_id, context.region)
        return {
            "ShardLimit": errors.SHARD_LIMIT,
            "OpenShardCount": streams.open_shards(context),
            "OnDemandStreamCount": sum(s.state.mode == streams.ON_DEMAND for s in found),
            "OnDemandStreamCountLimit": streams.ON_DEMAND_LIMIT,
        }

    @handler("ListStreams", expand=False)
    def list_streams(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return listing.streams_page(context, request)

    @handler("ListShards", expand=False)
    def list_shards(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return listing.shards_page(context, request)

    @handler("ListStreamConsumers", expand=False)
    def list_stream_consumers(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return consumers.page(context, request)

    @handler("RegisterStreamConsumer", expand=False)
    def register_stream_consumer(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return consumers.register(context, request)

    @handler("DescribeStreamConsumer", expand=False)
    def describe_stream_consumer(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        stream, consumer = consumers.find(context, request)
        described = consumers.describe(context, stream, consumer)
        return {"ConsumerDescription": described | {"StreamARN": store.arn(context, stream)}}

    @handler("DeregisterStreamConsumer", expand=False)
    def deregister_stream_consumer(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        arn = consumers.deregister(context, request)
        SUBSCRIPTIONS.end(arn, errors.consumer_not_found(arn, context.account_id))

    @handler("SubscribeToShard", expand=False)
    def subscribe_to_shard(self, context: RequestContext, request: Request) -> Response:
        check(context.operation, request)
        return subscribe(context, request)

    @handler("PutRecord", expand=False)
    def put_record(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return records.put_one(context, request)

    @handler("PutRecords", expand=False)
    def put_records(self, context: RequestContext, request: Request) -> Response | Answer:
        # 500 records through the general check cost more than to store them.
        check(context.operation, request, skip="Records")
        return wire.answer(context, records.put_many(context, request))

    @handler("GetShardIterator", expand=False)
    def get_shard_iterator(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return {"ShardIterator": records.shard_iterator(context, request)}

    @handler("GetRecords", expand=False)
    def get_records(self, context: RequestContext, request: Request) -> Response | Answer:
        check(context.operation, request)
        return wire.answer(context, records.get(context, request))

    @handler("SplitShard", expand=False)
    def split_shard(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        resharding.split(context, request)

    @handler("MergeShards", expand=False)
    def merge_shards(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        resharding.merge(context, request)

    @handler("UpdateShardCount", expand=False)
    def update_shard_count(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return resharding.rescale(context, request)

    @handler("IncreaseStreamRetentionPeriod", expand=False)
    def increase_retention(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.change_retention(store.find(context, request), request, longer=True)

    @handler("DecreaseStreamRetentionPeriod", expand=False)
    def decrease_retention(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.change_retention(store.find(context, request), request, longer=False)

    @handler("UpdateStreamMode", expand=False)
    def update_stream_mode(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        capacity.set_mode(context, request)

    @handler("UpdateStreamWarmThroughput", expand=False)
    def update_stream_warm_throughput(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return capacity.set_warm(context, request)

    @handler("DescribeAccountSettings", expand=False)
    def describe_account_settings(self, context: RequestContext, request: Request) -> Answer:
        return accounts.describe(context)

    @handler("UpdateAccountSettings", expand=False)
    def update_account_settings(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return accounts.update(context, request)

    @handler("EnableEnhancedMonitoring", expand=False)
    def enable_enhanced_monitoring(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return monitoring.enable(context, request)

    @handler("DisableEnhancedMonitoring", expand=False)
    def disable_enhanced_monitoring(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return monitoring.disable(context, request)

    @handler("PutResourcePolicy", expand=False)
    def put_resource_policy(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        policies.put(context, request)

    @handler("GetResourcePolicy", expand=False)
    def get_resource_policy(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return policies.get(context, request)

    @handler("DeleteResourcePolicy", expand=False)
    def delete_resource_policy(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        policies.delete(context, request)

    @handler("UpdateMaxRecordSize", expand=False)
    def update_max_record_size(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        store.find(context, request).change(max_record_kib=request["MaxRecordSizeInKiB"])

    @handler("StartStreamEncryption", expand=False)
    def start_stream_encryption(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        encryption.start(context, store.find(context, request), request)

    @handler("StopStreamEncryption", expand=False)
    def stop_stream_encryption(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        encryption.stop(store.find(context, request), request)

    @handler("AddTagsToStream", expand=False)
    def add_tags_to_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        tags.add(store.find(context, request), None, request["Tags"])

    @handler("RemoveTagsFromStream", expand=False)
    def remove_tags_from_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        tags.remove(store.find(context, request), None, request["TagKeys"])

    @handler("ListTagsForStream", expand=False)
    def list_tags_for_stream(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return tags.page(store.find(context, request), request)

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        tags.add(*store.find_resource(context, request["ResourceARN"]), request["Tags"])

    @handler("UntagResource", expand=False)
    def untag_resource(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        tags.remove(*store.find_resource(context, request["ResourceARN"]), request["TagKeys"])

    @handler("ListTagsForResource", expand=False)
    def list_tags_for_resource(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return {"Tags": tags.listed(*store.find_resource(context, request["ResourceARN"]))}
