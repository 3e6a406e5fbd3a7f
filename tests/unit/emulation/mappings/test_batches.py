"""The event of a batch, and how many records fit into it."""

import base64
import json

from emulation.services.lambda_.batches import MAX_PAYLOAD_BYTES, fitting, payload
from tests.unit.emulation.mappings.desk import ORIGIN, SHARD, record, records


def test_payload_is_the_event_of_lambda():
    sent = record(1, b"\xff\n", arrival_ms=1_545_084_650_987, key='a "key" é')
    number = sent.sequence_number
    assert json.loads(payload([sent])) == {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": 'a "key" é',
                    "sequenceNumber": number,
                    "data": base64.b64encode(b"\xff\n").decode(),
                    "approximateArrivalTimestamp": 1545084650.987,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{SHARD}:{number}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:role",
                "awsRegion": "us-east-1",
                "eventSourceARN": ORIGIN.source_arn,
            }
        ]
    }


def test_fitting_stops_at_the_batch_size():
    assert fitting(records(1, 2, 3), 2) == 2
    assert fitting(records(1, 2), 2) == 2


def test_fitting_fills_the_payload_limit_and_not_more():
    many = [record(number, b"x" * 1000) for number in range(6000)]
    count = fitting(many, 10_000)
    assert len(payload(many[:count])) <= MAX_PAYLOAD_BYTES < len(payload(many[: count + 1]))


def test_record_that_fits_nowhere_goes_alone():
    assert fitting([record(1, b"x" * 7_000_000), record(2)], 10) == 1
