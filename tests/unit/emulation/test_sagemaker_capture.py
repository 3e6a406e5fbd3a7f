"""Data capture's lines and rules, without an endpoint."""

import json
from datetime import UTC, datetime

import pytest

from emulation.services.sagemaker import capture
from emulation.services.sagemaker.capture import Recorder, Rule, summary
from emulation.services.sagemaker.capture_lines import Captured, Payload, Types, hour, line

CONFIG = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://lake/captures",
    "CaptureOptions": [{"CaptureMode": "Input"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
}
TYPES = Types(frozenset({"text/csv"}), frozenset({"application/json"}))


def captured(body=b"1,2", content_type="text/csv", second=5):
    time = datetime(2013, 4, 1, 23, 59, second, 7000, UTC)
    return Captured(time, "e-1", Payload(content_type, body), Payload("text/csv", b"0.5"))


@pytest.mark.parametrize(
    ("content_type", "body", "data", "encoding"),
    [
        ("text/csv", b"1,2", "1,2", "CSV"),
        ("Text/CSV; charset=utf-8", "é".encode(), "é", "CSV"),
        ("application/json", b'{"a": 1}', '{"a": 1}', "JSON"),
        ("application/x-npy", b"\x00\xff", "AP8=", "BASE64"),
        ("text/csv", b"\xff", "/w==", "BASE64"),
    ],
)
def test_body_is_text_where_its_type_says_so(content_type, body, data, encoding):
    written = json.loads(line(captured(body, content_type), {"Input"}, TYPES))
    side = written["captureData"]["endpointInput"]
    assert (side["data"], side["encoding"]) == (data, encoding)
    assert side["observedContentType"] == content_type


def test_line_is_one_line_without_blanks_between_members():
    written = line(captured(b"1\n2\n"), {"Input", "Output"}, TYPES)
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert '"eventMetadata":{"eventId":"e-1","inferenceTime":"2013-04-01T23:59:05Z"}' in written


def test_rule_of_a_configuration():
    rule = Rule.of(CONFIG)
    assert rule.modes == {"Input"}
    assert rule.types == Types(frozenset({"text/csv"}), frozenset())
    assert str(rule.destination) == "s3://lake/captures"
    assert Rule.of(None) is None
    assert Rule.of({**CONFIG, "EnableCapture": False}) is None
    both = Rule.of({**CONFIG, "CaptureOptions": [{"CaptureMode": "InputAndOutput"}]})
    assert both.modes == {"Input", "Output"}


class Bucket:
    """S3's PutObject, and what it was given."""

    def __init__(self):
        self.objects = {}

    def put_object(self, *, Bucket, Key, Body):
        self.objects[f"{Bucket}/{Key}"] = Body.decode()


def test_inferences_of_two_hours_are_two_files():
    bucket = Bucket()
    recorder = Recorder(bucket, Rule.of(CONFIG), "flights", "blue")
    late = captured()
    early = Captured(datetime(2013, 4, 2, 0, 0, 1, 0, UTC), "e-2", late.input, late.output)
    for item in (late, late, early):
        recorder.take(item)
    recorder.close()
    first, second = sorted(bucket.objects)
    assert first.startswith("lake/captures/flights/blue/2013/04/01/23/59-05-007-")
    assert second.startswith("lake/captures/flights/blue/2013/04/02/00/00-01-000-")
    assert bucket.objects[first].count("\n") == 2
    assert hour(early) == "2013/04/02/00"


def test_too_many_captures_are_dropped_and_never_kept_without_end(monkeypatch):
    monkeypatch.setattr(capture, "KEPT_BYTES", 1000)
    bucket = Bucket()
    recorder = Recorder(bucket, Rule.of(CONFIG), "flights", "blue")
    for _ in range(50):
        recorder.take(captured(b"x" * 400))
    recorder.close()
    (body,) = bucket.objects.values()
    assert body.count("\n") == 2


def test_summary_has_what_the_api_requires():
    assert summary(CONFIG, []) == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": "s3://lake/captures",
        "KmsKeyId": "",
    }
    assert summary({**CONFIG, "EnableCapture": False}, [])["CaptureStatus"] == "Stopped"
