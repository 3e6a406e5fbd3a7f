"""The log of an emulator that does what it is asked: nothing that a reader need not know, and what
its restart must go on with.
"""

import json
import signal

import boto3
import pytest
from botocore.exceptions import WaiterError

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


def stack_with_a_password(emulator, name, owner):
    """A stack with a secret, and a parameter that holds the password of another or the same."""
    generate = {"SecretStringTemplate": '{"user": "u"}', "GenerateStringKey": "password"}
    secret = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"GenerateSecretString": generate},
    }
    password = {"Fn::Sub": f"{{{{resolve:secretsmanager:{owner}:SecretString:password}}}}"}
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": name, "Type": "String", "Value": password},
    }
    template = {"Resources": {"Owner": secret, "Copy": parameter}}
    cloudformation = emulator.aws("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    return cloudformation


def test_plan_that_needs_a_secret_of_its_own_stack_is_no_error(own_emulator):
    made = stack_with_a_password(own_emulator, "made", "${Owner}")
    made.get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig={"Delay": 1})
    value = own_emulator.aws("ssm").get_parameter(Name="made")["Parameter"]["Value"]
    (secret,) = own_emulator.aws("secretsmanager").list_secrets()["SecretList"]
    kept = own_emulator.aws("secretsmanager").get_secret_value(SecretId=secret["ARN"])
    assert json.loads(kept["SecretString"])["password"] == value
    log = (own_emulator.folder / "emulator.log").read_text()
    assert [line for line in log.splitlines() if "rror" in line] == []


def test_secret_that_is_not_there_is_told_by_the_stack(own_emulator):
    made = stack_with_a_password(own_emulator, "failed", "absent")
    with pytest.raises(WaiterError):
        made.get_waiter("stack_create_complete").wait(StackName="failed", WaiterConfig={"Delay": 1})
    told = {
        (event["LogicalResourceId"], event["ResourceStatus"]): event.get("ResourceStatusReason")
        for event in made.describe_stack_events(StackName="failed")["StackEvents"]
    }
    assert "can't find the specified secret" in told["Copy", "CREATE_FAILED"]
    assert "failed to create: [Copy]" in told["failed", "ROLLBACK_IN_PROGRESS"]
    assert "Traceback" not in (own_emulator.folder / "emulator.log").read_text()
