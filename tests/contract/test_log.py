"""The log of an emulator that does what it is asked: nothing that a reader need not know, and what
its restart must go on with.
"""

import signal

import boto3

from tests.contract.lambda_.functions import ROLE, bundle

ACCOUNT, REGION = "111111111111", "eu-west-1"


def cloudwatch(emulator):
    """A client of an account and a region that are not the usual ones."""
    session = boto3.session.Session(ACCOUNT, "test", region_name=REGION)
    return session.client("cloudwatch", endpoint_url=emulator.url)


def put_alarm(emulator):
    cloudwatch(emulator).put_metric_alarm(
        AlarmName="silent",
        Namespace="Test",
        MetricName="heartbeats",
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


def state(emulator):
    return cloudwatch(emulator).describe_alarms()["MetricAlarms"][0]["StateValue"]


def test_log_has_no_warning_of_what_works_and_alarms_of_all_accounts_go_on(own_emulator, waiting):
    own_emulator.aws("secretsmanager").create_secret(Name="s", SecretString="hidden")
    own_emulator.aws("lambda").create_function(
        FunctionName="f",
        Code={"ZipFile": bundle({"main.py": "def handler(event, context): return 1"})},
        Runtime="python3.13",
        Handler="main.handler",
        Role=ROLE,
        LoggingConfig={"LogGroup": "/aws/lambda/f"},
    )
    put_alarm(own_emulator)
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    cloudwatch(own_emulator).set_alarm_state(
        AlarmName="silent", StateValue="OK", StateReason="to see it change"
    )
    waiting("the evaluation", lambda: state(own_emulator) == "ALARM")
    log = (own_emulator.folder / "emulator.log").read_text()
    assert [line for line in log.splitlines() if "WARN" in line or "ERROR" in line] == []
