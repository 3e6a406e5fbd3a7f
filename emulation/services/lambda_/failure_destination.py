"""Where an event source mapping tells of records that it gave up: a queue, a topic or a bucket."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.aws.arns import parse_arn, s3_bucket_name

from emulation.services.lambda_.batches import Record, payload
from emulation.services.lambda_.invoked import Invoked


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A batch that was given up."""

    mapping_id: str
    function_arn: str
    stream_arn: str
    shard_id: str
    records: Sequence[Record]
    reason: str
    invoked: Invoked | None
    """The last result; None when the records were too old to be tried."""
    attempts: int

    def told(self, now: datetime) -> dict[str, Any]:
        """The record of it, without the records themselves."""
        first, last = self.records[0], self.records[-1]
        request = {
            "requestId": self.invoked.request_id if self.invoked else str(uuid.uuid4()),
            "functionArn": self.function_arn,
            "condition": self.reason,
            "approximateInvokeCount": self.attempts,
        }
        response = {"responseContext": self.invoked.failure()} if self.invoked else {}
        return {
            "requestContext": request,
            **response,
            "version": "1.0",
            "timestamp": _written(now),
            "KinesisBatchInfo": {
                "shardId": self.shard_id,
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": _arrival(first),
                "approximateArrivalOfLastRecord": _arrival(last),
                "batchSize": len(self.records),
                "streamArn": self.stream_arn,
            },
        }


def tell(destination_arn: str, given_up: GivenUp) -> None:
    """Send it; only a bucket gets the records too.

    Raises:
        ClientError: the destination refused.
        NotImplementedError: no mapping has such a destination.
    """
    arn = parse_arn(destination_arn)
    clients = connect_to(
        aws_access_key_id=arn["account"] or None, region_name=arn["region"] or None
    )
    now = datetime.now(UTC)
    told = given_up.told(now)
    match arn["service"]:
        case "sqs":
            url = clients.sqs.get_queue_url(QueueName=arn["resource"])["QueueUrl"]
            clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(told))
        case "sns":
            clients.sns.publish(TopicArn=destination_arn, Message=json.dumps(told))
        case "s3":
            told["payload"] = payload(given_up.records).decode()
            clients.s3.put_object(
                Bucket=s3_bucket_name(destination_arn),
                Key=_key(given_up, now),
                Body=json.dumps(told),
            )
        case service:
            raise NotImplementedError(f"lambda failure destination {service} is not emulated")


def _key(given_up: GivenUp, now: datetime) -> str:
    return (
        f"aws/lambda/{given_up.mapping_id}/{given_up.shard_id}/{now:%Y/%m/%d}/"
        f"{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    )


def _arrival(record: Record) -> str:
    return _written(datetime.fromtimestamp(record.arrived, UTC))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
