"""What a worker says of itself: metrics and its log."""

import logging

import pytest

from pipeline.consumers.logs import CloudWatchLog
from pipeline.consumers.meter import Meter
from pipeline.consumers.settings import ConsumerSettings
from pipeline.errors import SettingError
from tests.unit.pipeline.consumers.miniatures import failure


class CloudWatch:
    def __init__(self):
        self.data = []
        self.is_down = False

    def put_metric_data(self, *, Namespace, MetricData):
        if self.is_down:
            raise failure("InternalServiceFault")
        self.data += MetricData


class Logs:
    def __init__(self):
        self.events = {}
        self.is_down = False

    def create_log_stream(self, *, logGroupName, logStreamName):
        if logStreamName in self.events:
            raise failure("ResourceAlreadyExistsException")
        self.events[logStreamName] = []

    def put_log_events(self, *, logGroupName, logStreamName, logEvents):
        if self.is_down:
            raise failure("ServiceUnavailableException")
        times = [event["timestamp"] for event in logEvents]
        assert times == sorted(times), "or the service refuses them"
        self.events[logStreamName] += [event["message"] for event in logEvents]


def test_values_are_told_as_a_set():
    cloudwatch = CloudWatch()
    meter = Meter(cloudwatch, "s")
    for value in (300, 20, 1000):
        meter.add("MillisBehindLatest", value)
    meter.tell()
    meter.tell()
    (datum,) = cloudwatch.data
    assert datum == {
        "MetricName": "MillisBehindLatest",
        "Dimensions": [{"Name": "StreamName", "Value": "s"}],
        "Unit": "Milliseconds",
        "StatisticValues": {"SampleCount": 3, "Sum": 1320, "Minimum": 20, "Maximum": 1000},
    }


def test_metrics_that_cannot_be_told_stop_nobody(caplog):
    cloudwatch = CloudWatch()
    cloudwatch.is_down = True
    meter = Meter(cloudwatch, "s")
    meter.add("Records", 1)
    meter.tell()
    assert "metrics are lost" in caplog.text


@pytest.fixture
def told():
    """A service, and a logger that tells it."""
    service = Logs()
    handler = CloudWatchLog(service, "group", "worker")
    logger = logging.Logger("worker")
    logger.addHandler(handler)
    yield service, logger, handler
    handler.close()


def test_log_is_complete_when_it_is_closed(told):
    service, logger, handler = told
    for number in range(2500):
        logger.info("line %s", number)
    handler.close()
    assert service.events["worker"] == [f"line {number}" for number in range(2500)]


def test_lines_of_an_outage_are_sent_after_it(told, capsys):
    service, logger, handler = told
    service.is_down = True
    logger.warning("first")
    handler.send()
    assert "the log cannot be sent" in capsys.readouterr().err
    service.is_down = False
    logger.warning("second")
    handler.close()
    assert service.events["worker"] == ["first", "second"]


def test_settings_come_from_the_environment_and_a_worker_has_a_new_name_each_time(monkeypatch):
    for name in ("EVENT_STREAM", "LEASE_TABLE", "ENDPOINT", "LAKE_BUCKET"):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("CONSUMER_NAME", "i-1")
    first, second = ConsumerSettings(), ConsumerSettings()
    assert (first.stream, first.lease_table, first.failover) == ("event_stream", "lease_table", 10)
    assert first.worker.startswith("i-1:")
    assert first.worker != second.worker


@pytest.mark.parametrize("text", ["", "0", "-1", "ten"])
def test_bad_setting_is_told_by_its_name(monkeypatch, text):
    with pytest.raises(SettingError, match="EVENT_STREAM is not set"):
        ConsumerSettings()
    monkeypatch.setenv("BATCH_RECORDS", text)
    with pytest.raises(SettingError, match=f"BATCH_RECORDS must be .* not '{text}'"):
        ConsumerSettings("stream", "table", "endpoint", "lake")
