"""Schedules fire on the minute and go on after a kill; archives are replayed; services tell their
own events.
"""

import json
import signal
from datetime import UTC, datetime, timedelta

from tests.contract.events.conftest import Listener


def test_schedule_fires_on_the_minute_also_after_a_kill(own_emulator, waiting):
    events, queue = own_emulator.aws("events"), Listener(own_emulator.aws("sqs"), "q")
    events.put_rule(Name="each", ScheduleExpression="cron(* * * * ? *)")
    events.put_targets(Rule="each", Targets=[{"Id": "q", "Arn": queue.arn}])
    kept = own_emulator.has_saved
    waiting("the queue to be kept", lambda: kept("sqs", queue.arn))
    waiting("the rule to be kept", lambda: kept("events", "cron(* * * * ? *)", queue.arn))
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    (body,) = waiting("a minute to pass", queue.bodies)[:1]
    event = json.loads(body)
    assert event["time"].endswith(":00Z")
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/each"]


def test_archive_is_replayed(events, rule, put, listener, waiting, unique):
    bus = events.describe_event_bus(Name="default")["Arn"]
    archive = events.create_archive(
        ArchiveName=unique,
        EventSourceArn=bus,
        EventPattern=json.dumps({"source": [unique]}),
    )["ArchiveArn"]
    put({"n": 1})
    kept = events.describe_archive
    waiting("the archive", lambda: kept(ArchiveName=unique)["EventCount"] == 1)
    rule({"source": [unique]})
    now = datetime.now(UTC)
    events.start_replay(
        ReplayName=unique,
        EventSourceArn=archive,
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": bus},
    )
    waiting("the event again", listener.listen)
    assert json.loads(listener.heard[0]["Body"])["replay-name"] == unique
    state = events.describe_replay
    waiting("the end", lambda: state(ReplayName=unique)["State"] == "COMPLETED")
    assert kept(ArchiveName=unique)["EventCount"] == 1
    events.delete_archive(ArchiveName=unique)


def test_bucket_tells_of_objects(events, rule, listener, aws, bucket, waiting):
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    aws("s3").put_object(Bucket=bucket, Key="a/b", Body=b"123")
    aws("s3").delete_object(Bucket=bucket, Key="a/b")
    waiting("both events", lambda: len(listener.listen()) == 2)
    told = {e["detail-type"]: e["detail"] for e in map(json.loads, listener.bodies())}
    assert set(told) == {"Object Created", "Object Deleted"}
    created = told["Object Created"]["object"]
    assert (created["key"], created["size"]) == ("a/b", 3)


def test_glue_job_tells_how_it_ended(rule, listener, aws, bucket, waiting, unique):
    rule({"source": ["aws.glue"], "detail": {"jobName": [unique]}})
    aws("s3").put_object(Bucket=bucket, Key="job.py", Body=b"print(1)\n")
    command = {"Name": "pythonshell", "ScriptLocation": f"s3://{bucket}/job.py"}
    role = "arn:aws:iam::000000000000:role/glue"
    aws("glue").create_job(Name=unique, Role=role, Command=command)
    run = aws("glue").start_job_run(JobName=unique)["JobRunId"]
    waiting("the event", listener.listen)
    event = json.loads(listener.heard[0]["Body"])
    assert event["detail-type"] == "Glue Job State Change"
    assert event["detail"] == {
        "jobName": unique,
        "severity": "INFO",
        "state": "SUCCEEDED",
        "jobRunId": run,
        "message": "Job run succeeded",
    }
    aws("glue").delete_job(JobName=unique)
