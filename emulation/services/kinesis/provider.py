"""The operations of Kinesis Data Streams, each of them a line to the module that does it.

Streams are ACTIVE when the operation that makes or changes them returns, because the work is done
by then. Encryption is recorded and told as on AWS, and changes nothing on this machine's disk.
Refused by name: consumers with enhanced fan-out, resource policies, enhanced monitoring, warm
throughput, account settings.
"""

from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.http import Response
from localstack.services.plugins import ServiceLifecycleHook

from emulation.compute.streams.errors import StreamMissing
from emulation.services.kinesis import errors, listing, records, resharding, store, streams, wire
from emulation.services.kinesis.constraints import check

Request = dict[str, Any]
Answer = dict[str, Any]


class KinesisProvider(ServiceLifecycleHook):
    """Kinesis on the stream engine."""

    service = "kinesis"

    def on_before_stop(self) -> None:
        """Everything to the disk."""
        store.engine().close()

    @handler("CreateStream", expand=False)
    def create_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.create(context, request)

    @handler("DeleteStream", expand=False)
    def delete_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        stream = store.find(context, request)
        try:
            store.engine().delete(stream)
        except StreamMissing:
            raise errors.stream_not_found(stream.state.name, stream.state.account) from None

    @handler("DescribeStream", expand=False)
    def describe_stream(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        stream = store.find(context, request)
        start = request.get("ExclusiveStartShardId")
        after = streams.number_of(start, stream) if start else -1
        shards = [shard for shard in stream.listed_shards(store.now_ms()) if shard.number > after]
        limit = request.get("Limit") or 100
        described = streams.description(context, stream) | {
            "Shards": [streams.shard(shard) for shard in shards[:limit]],
            "HasMoreShards": len(shards) > limit,
        }
        return {"StreamDescription": described}

    @handler("DescribeStreamSummary", expand=False)
    def describe_stream_summary(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        stream = store.find(context, request)
        described = streams.description(context, stream) | {
            "StreamId": stream.state.stream_id,
            "OpenShardCount": len(stream.open_shards()),
            "ConsumerCount": 0,
            "MaxRecordSizeInKiB": stream.state.max_record_kib,
        }
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
        store.find(context, request)
        # Nobody can register one.
        return {"Consumers": []}

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
        if request.get("WarmThroughputMiBps"):
            raise NotImplementedError(
                "kinesis.UpdateStreamMode with WarmThroughputMiBps is not emulated"
            )
        stream = store.find(context, request)
        stream.change(mode=request["StreamModeDetails"]["StreamMode"])

    @handler("UpdateMaxRecordSize", expand=False)
    def update_max_record_size(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        store.find(context, request).change(max_record_kib=request["MaxRecordSizeInKiB"])

    @handler("StartStreamEncryption", expand=False)
    def start_stream_encryption(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.start_encryption(store.find(context, request), request)

    @handler("StopStreamEncryption", expand=False)
    def stop_stream_encryption(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.stop_encryption(store.find(context, request), request)

    @handler("AddTagsToStream", expand=False)
    def add_tags_to_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.add_tags(store.find(context, request), request["Tags"])

    @handler("RemoveTagsFromStream", expand=False)
    def remove_tags_from_stream(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.remove_tags(store.find(context, request), request["TagKeys"])

    @handler("ListTagsForStream", expand=False)
    def list_tags_for_stream(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return streams.tags_page(store.find(context, request), request)

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.add_tags(store.find_tagged(context, request), request["Tags"])

    @handler("UntagResource", expand=False)
    def untag_resource(self, context: RequestContext, request: Request) -> None:
        check(context.operation, request)
        streams.remove_tags(store.find_tagged(context, request), request["TagKeys"])

    @handler("ListTagsForResource", expand=False)
    def list_tags_for_resource(self, context: RequestContext, request: Request) -> Answer:
        check(context.operation, request)
        return {"Tags": streams.tag_list(store.find_tagged(context, request))}
