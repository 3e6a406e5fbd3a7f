"""The CloudFormation types of Kinesis. LocalStack's own stream leaves retention, encryption and
tags out, and has no update; its consumer leaves tags and the time of creation out.
"""

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import ProgressEvent, ResourceRequest

from emulation.services.kinesis import monitoring
from emulation.services.resource_types import Model, ResourceType

PROVISIONED, ON_DEMAND = "PROVISIONED", "ON_DEMAND"
DEFAULT_RETENTION_HOURS = 24


class StreamResource(ResourceType):
    """A stream; every property but the name can change in place."""

    TYPE = "AWS::Kinesis::Stream"
    IDENTIFIER = "Name"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the stream, then bring the rest where the template wants it."""
        model = request.desired_state
        model.setdefault("Name", self.default_name(request))
        kinesis = request.aws_client_factory.kinesis
        mode = _mode(model)
        # Without a count, CreateStream says what is missing.
        shards = model.get("ShardCount") if mode == PROVISIONED else None
        optional = {"ShardCount": int(shards)} if shards else {}
        if warm := model.get("WarmThroughputMiBps"):
            optional["WarmThroughputMiBps"] = int(warm)
        kinesis.create_stream(
            StreamName=model["Name"], StreamModeDetails={"StreamMode": mode}, **optional
        )
        described = _describe(kinesis, model["Name"])
        model["Arn"] = described["StreamARN"]
        try:
            _reconcile(kinesis, described, model)
        except (ClientError, NotImplementedError):
            # Nobody deletes what could not be created.
            kinesis.delete_stream(StreamName=model["Name"])
            raise
        return self.done(_with_warm_throughput(kinesis, model))

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Change what differs."""
        kept = {name: request.previous_state[name] for name in ("Name", "Arn")}
        model = {**request.desired_state, **kept}
        kinesis = request.aws_client_factory.kinesis
        _reconcile(kinesis, _describe(kinesis, model["Name"]), model)
        return self.done(_with_warm_throughput(kinesis, model))

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the stream; one that is gone already is fine."""
        kinesis = request.aws_client_factory.kinesis
        model = request.previous_state
        with suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.delete_stream(StreamName=model["Name"], EnforceConsumerDeletion=True)
        return self.done(model)


StreamResource.SCHEMA["createOnlyProperties"] = ["/properties/Name"]


class StreamConsumerResource(ResourceType):
    """A consumer; nothing of it can change in place."""

    TYPE = "AWS::Kinesis::StreamConsumer"
    IDENTIFIER = "ConsumerARN"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Register the consumer."""
        model = request.desired_state
        tags = {tag["Key"]: tag["Value"] for tag in model.get("Tags") or ()}
        registered = request.aws_client_factory.kinesis.register_stream_consumer(
            StreamARN=model["StreamARN"],
            ConsumerName=model["ConsumerName"],
            **({"Tags": tags} if tags else {}),
        )
        consumer = registered["Consumer"]
        created = int(consumer["ConsumerCreationTimestamp"].timestamp())
        return self.done(model | consumer | {"ConsumerCreationTimestamp": str(created)})

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Deregister the consumer; one that is gone already is fine."""
        kinesis = request.aws_client_factory.kinesis
        model = request.previous_state
        with suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.deregister_stream_consumer(ConsumerARN=model["ConsumerARN"])
        return self.done(model)


StreamConsumerResource.SCHEMA["createOnlyProperties"] = [
    f"/properties/{name}" for name in ("ConsumerName", "StreamARN", "Tags")
]


class ResourcePolicyResource(ResourceType):
    """The policy of a stream or a consumer."""

    TYPE = "AWS::Kinesis::ResourcePolicy"
    IDENTIFIER = "ResourceArn"

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Put the policy."""
        model = request.desired_state
        request.aws_client_factory.kinesis.put_resource_policy(
            ResourceARN=model["ResourceArn"], Policy=json.dumps(model["ResourcePolicy"])
        )
        return self.done(model)

    update = create

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the policy; one that is gone already is fine."""
        kinesis = request.aws_client_factory.kinesis
        model = request.previous_state
        with suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.delete_resource_policy(ResourceARN=model["ResourceArn"])
        return self.done(model)


ResourcePolicyResource.SCHEMA["createOnlyProperties"] = ["/properties/ResourceArn"]


def _mode(model: Model) -> str:
    details = model.get("StreamModeDetails") or {}
    return str(details.get("StreamMode") or PROVISIONED)


def _describe(kinesis: Any, name: str) -> dict[str, Any]:
    described: dict[str, Any] = kinesis.describe_stream_summary(StreamName=name)
    return described["StreamDescriptionSummary"]


def _reconcile(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    """Bring every property from what it is to what the template wants."""
    if model.get("RecordDistributionStrategy") not in {None, "USER_PARTITION_KEY"}:
        raise NotImplementedError(
            "RecordDistributionStrategy of AWS::Kinesis::Stream is not emulated"
        )
    _set_mode(kinesis, now, model)
    _set_warm_throughput(kinesis, now, model)
    _set_metrics(kinesis, now, model)
    _set_shards(kinesis, now, model)
    _set_retention(kinesis, now, model)
    _set_encryption(kinesis, now, model)
    _set_tags(kinesis, now, model)
    size = int(model.get("MaxRecordSizeInKiB") or now["MaxRecordSizeInKiB"])
    if size != now["MaxRecordSizeInKiB"]:
        kinesis.update_max_record_size(StreamARN=now["StreamARN"], MaxRecordSizeInKiB=size)


def _set_mode(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    mode = _mode(model)
    if mode != now["StreamModeDetails"]["StreamMode"]:
        kinesis.update_stream_mode(
            StreamARN=now["StreamARN"], StreamModeDetails={"StreamMode": mode}
        )


def _set_warm_throughput(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    wanted = int(model.get("WarmThroughputMiBps") or 0)
    told = (now.get("WarmThroughput") or {}).get("TargetMiBps", 0)
    if _mode(model) == ON_DEMAND and wanted != told:
        kinesis.update_stream_warm_throughput(
            StreamARN=now["StreamARN"], WarmThroughputMiBps=wanted
        )


def _with_warm_throughput(kinesis: Any, model: Model) -> Model:
    """The model with what `GetAtt` reads of the throughput."""
    told = _describe(kinesis, model["Name"]).get("WarmThroughput")
    return model | ({"WarmThroughputObject": told} if told else {})


def _set_metrics(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    there = set(now["EnhancedMonitoring"][0]["ShardLevelMetrics"])
    wanted = set(model.get("DesiredShardLevelMetrics") or ())
    if monitoring.ALL in wanted:
        wanted = set(monitoring.UNITS)
    stream = {"StreamARN": now["StreamARN"]}
    if gone := sorted(there - wanted):
        kinesis.disable_enhanced_monitoring(**stream, ShardLevelMetrics=gone)
    if new := sorted(wanted - there):
        kinesis.enable_enhanced_monitoring(**stream, ShardLevelMetrics=new)


def _set_shards(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    """In steps of at most double or half, which is all that one request may do."""
    if _mode(model) == ON_DEMAND:
        return
    count = now["OpenShardCount"]
    wanted = int(model.get("ShardCount") or count)
    while count != wanted:
        count = min(max(wanted, (count + 1) // 2), count * 2)
        kinesis.update_shard_count(
            StreamName=now["StreamName"], TargetShardCount=count, ScalingType="UNIFORM_SCALING"
        )


def _set_retention(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    hours = int(model.get("RetentionPeriodHours") or DEFAULT_RETENTION_HOURS)
    change = {"StreamName": now["StreamName"], "RetentionPeriodHours": hours}
    if hours > now["RetentionPeriodHours"]:
        kinesis.increase_stream_retention_period(**change)
    elif hours < now["RetentionPeriodHours"]:
        kinesis.decrease_stream_retention_period(**change)


def _set_encryption(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    wanted = model.get("StreamEncryption")
    stream = {"StreamName": now["StreamName"], "EncryptionType": "KMS"}
    if wanted and wanted["KeyId"] != now.get("KeyId"):
        kinesis.start_stream_encryption(**stream, KeyId=wanted["KeyId"])
    elif not wanted and now.get("KeyId"):
        kinesis.stop_stream_encryption(**stream, KeyId=now["KeyId"])


def _set_tags(kinesis: Any, now: dict[str, Any], model: Model) -> None:
    stream = {"StreamName": now["StreamName"]}
    there = {tag["Key"]: tag["Value"] for tag in kinesis.list_tags_for_stream(**stream)["Tags"]}
    wanted = {tag["Key"]: tag["Value"] for tag in model.get("Tags") or ()}
    if gone := sorted(there.keys() - wanted.keys()):
        kinesis.remove_tags_from_stream(**stream, TagKeys=gone)
    if new := {key: value for key, value in wanted.items() if there.get(key) != value}:
        kinesis.add_tags_to_stream(**stream, Tags=new)
