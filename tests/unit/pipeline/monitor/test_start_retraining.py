import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from pipeline.handlers import start_retraining
from tests.unit.pipeline.monitor.cloud import failure

SENTENCE = "predicted / actual late rate 0.684, allowed 0.800 to 1.250"
CALIBRATION = {"check": "Calibration", "sentence": SENTENCE}
QUALITY = {"check": "Quality", "sentence": "AUC 0.6"}


def alarm(name="t-monitor-calibration", value="ALARM"):
    """As CloudWatch calls a function of its own."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}",
        "accountId": "111122223333",
        "time": "2026-11-23T00:22:01.000+0000",
        "region": "us-east-1",
        "alarmData": {
            "alarmName": name,
            "state": {
                "value": value,
                "reason": "Threshold Crossed: 1 datapoint [1.0] was greater than 0.0",
                "reasonData": "{}",
                "timestamp": "2026-11-23T00:22:01.000+0000",
            },
            "previousState": {"value": "OK"},
            "configuration": {"metrics": []},
        },
    }


def message(name="t-monitor-calibration", value="ALARM"):
    """As SNS delivers it."""
    told = {"AlarmName": name, "NewStateValue": value, "NewStateReason": "Threshold Crossed"}
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(told)}}]}


ENDED = {
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Processing Job State Change",
    "detail": {"ProcessingJobStatus": "Completed"},
}


def looked(cloud, until="2013-04-29", version="1", violations=(CALIBRATION, QUALITY)):
    told = {"window": f"until-{until}", "until": until, "model_version": version}
    cloud.bucket.put_json("monitoring/t/latest.json", {**told, "violations": list(violations)})


@pytest.fixture
def april(cloud):
    cloud.service()
    looked(cloud)
    return cloud


def run(event=None):
    return start_retraining.handler(event or alarm(), None)


def record(cloud, until="2013-04-29"):
    return cloud.bucket.json(f"monitoring/t/retrainings/{until}.json")


def test_alarm_starts_the_delivery_with_its_reason_and_window(april):
    assert run() == {
        "started": "execution-t-2013-04-29",
        "sentence": f"t-monitor-calibration: Calibration: {SENTENCE}",
    }
    assert april.pipeline.requests == [
        {"Reason": f"t-monitor-calibration: Calibration: {SENTENCE}", "Window": "until-2013-04-29"}
    ]
    kept = record(april)
    assert (kept["execution"], kept["until"]) == ("execution-t-2013-04-29", "2013-04-29")
    assert SENTENCE in kept["reason"]


def test_reason_can_stand_within_the_json_of_an_action(april):
    """CodePipeline puts a variable's value between the quotes as it is."""
    looked(april, violations=[{"check": "Calibration", "sentence": 'of "UA"\n\\ and "AA"'}])
    run()
    reason = april.pipeline.requests[0]["Reason"]
    assert json.loads(f'{{"value":"{reason}"}}')["value"].endswith("of 'UA' / and 'AA'")


def test_message_of_sns_starts_it_too(april):
    assert run(message())["started"] == "execution-t-2013-04-29"


@pytest.mark.parametrize("event", [alarm(value="OK"), message(value="OK"), ENDED])
def test_what_is_no_alarm_starts_nothing(april, event):
    assert run(event)["started"] == ""
    assert april.pipeline.executions == {}


def test_second_alarm_of_a_window_starts_nothing(april):
    run()
    again = run(alarm("t-monitor-score-drift"))
    assert again["started"] == ""
    assert "execution-t-2013-04-29 of the delivery is in flight" in again["sentence"]
    april.pipeline.executions["execution-t-2013-04-29"] = "Succeeded"
    assert "the last one saw the flights until 0 days before" in run()["sentence"]
    assert len(april.pipeline.requests) == 1


def test_two_alarms_at_the_same_moment_start_one_run(april, monkeypatch):
    """Both have looked before either wrote."""
    known = start_retraining.look(start_retraining.RetrainingSettings())
    monkeypatch.setattr(start_retraining, "look", lambda settings: known)
    told = [run(), run(alarm("t-monitor-score-drift"))]
    assert [bool(item["started"]) for item in told] == [True, False]
    assert "but it is started already" in told[1]["sentence"]
    assert len(april.pipeline.requests) == 1


def test_run_that_anybody_started_holds_it_back(april):
    april.pipeline.executions["by-a-source"] = "InProgress"
    assert "execution by-a-source of the delivery is in flight" in run()["sentence"]
    april.pipeline.executions["by-a-source"] = "Failed"
    assert run()["started"]


def test_cooldown_of_event_days_is_over_when_they_have_passed(april):
    run()
    april.pipeline.executions["execution-t-2013-04-29"] = "Succeeded"
    looked(april, "2013-05-26")
    assert "until 27 days before: 28 ask" in run()["sentence"]
    looked(april, "2013-05-27")
    assert run()["started"] == "execution-t-2013-05-27"


def test_model_that_was_just_tested_is_not_retrained(april):
    april.service(tested_until="2013-04-15")
    assert "until 14 days before: 28 ask" in run()["sentence"]


def test_cooldown_of_the_wall_clock(april, monkeypatch):
    monkeypatch.setenv("COOLDOWN_MINUTES", "60")
    run()
    april.pipeline.executions["execution-t-2013-04-29"] = "Failed"
    looked(april, "2013-05-27")
    assert "within 60 minutes" in run()["sentence"]
    kept = {**record(april), "at": f"{datetime.now(UTC) - timedelta(minutes=61):%FT%TZ}"}
    april.bucket.put_json("monitoring/t/retrainings/2013-04-29.json", kept)
    assert run()["started"]


def test_alarm_about_a_model_that_was_replaced_starts_nothing(april):
    april.service(model_version="2")
    assert "it is about version 1, and version 2 is in service" in run()["sentence"]


@pytest.mark.parametrize(("days", "started"), [("0", False), ("29", False), ("28", True)])
def test_new_data_alone_starts_it_after_so_many_days(april, monkeypatch, days, started):
    monkeypatch.setenv("NEW_DATA_DAYS", days)
    looked(april, violations=())
    assert bool(run(ENDED)["started"]) is started


def test_reason_is_new_data(april, monkeypatch):
    monkeypatch.setenv("NEW_DATA_DAYS", "28")
    assert run(ENDED)["sentence"] == "new data: 28 days of flights since the last retraining"


def test_pipeline_that_cannot_be_started_fails_and_leaves_no_record(april):
    april.pipeline.fails_with = failure("PipelineNotFoundException")
    with pytest.raises(ClientError):
        run()
    april.pipeline.fails_with = None
    assert run()["started"]


def test_killed_after_its_record_somebody_later_finishes_it(april):
    def claimed(minutes):
        at = f"{datetime.now(UTC) - timedelta(minutes=minutes):%FT%TZ}"
        april.bucket.put_json("monitoring/t/retrainings/2013-04-29.json", {"at": at})

    claimed(1)
    assert "but it is started already" in run()["sentence"]
    claimed(6)
    assert run()["started"] == "execution-t-2013-04-29"
    assert record(april)["execution"] == "execution-t-2013-04-29"


def test_nothing_is_known_before_the_first_window(cloud):
    assert run() == {"started": "", "sentence": "the monitor has looked at no window yet"}
