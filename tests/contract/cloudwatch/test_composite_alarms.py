"""Composite alarms follow the alarms of their rule at once."""

import json
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def set_state(cloudwatch):
    def put(name, state):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand")

    return put


@pytest.fixture
def children(alarm, reaches, set_state):
    """Alarms `a` and `b` that are OK, and stay what a test makes of them: each minute they are
    evaluated again, and have no data.
    """
    names = [alarm(name, TreatMissingData="ignore", MetricName=name) for name in ("a", "b")]
    for name in names:
        set_state(name, "OK")
        reaches(name, "OK")
    return names


@pytest.fixture
def composite(cloudwatch, unique):
    names = []

    def put(name, rule, **settings):
        names.insert(0, f"{unique}-{name}")
        cloudwatch.put_composite_alarm(AlarmName=names[0], AlarmRule=rule, **settings)
        return names[0]

    yield put
    cloudwatch.delete_alarms(AlarmNames=names)


def test_state_follows_the_rule(children, composite, set_state, described):
    a, b = children
    both = composite("both", f'ALARM("{a}") AND ALARM("{b}")')
    any_of = composite("any", f"ALARM('{a}') OR NOT OK({b}) OR FALSE")
    above = composite("above", f"ALARM({any_of}) AND NOT ALARM({both})")
    names = (both, any_of, above)
    assert [described(name)["StateValue"] for name in names] == ["OK", "OK", "OK"]
    set_state(a, "ALARM")
    assert [described(name)["StateValue"] for name in names] == ["OK", "ALARM", "ALARM"]
    set_state(b, "ALARM")
    assert [described(name)["StateValue"] for name in names] == ["ALARM", "ALARM", "OK"]
    found = described(both)
    arn = described(b)["AlarmArn"]
    assert found["StateReason"].startswith(f"{arn} transitioned to ALARM at ")
    (cause,) = json.loads(found["StateReasonData"])["triggeringAlarms"]
    assert (cause["arn"], cause["state"]["value"]) == (arn, "ALARM")


def test_relatives_are_found(children, composite, cloudwatch):
    parent = composite("parent", f"ALARM({children[0]})")

    def names(**filters):
        answer = cloudwatch.describe_alarms(**filters)
        return {each["AlarmName"] for each in answer["MetricAlarms"] + answer["CompositeAlarms"]}

    assert names(ChildrenOfAlarmName=parent) == {children[0]}
    assert names(ParentsOfAlarmName=children[0]) == {parent}
    assert names(AlarmNames=[parent]) == set()
    assert names(AlarmNames=[parent], AlarmTypes=["CompositeAlarm"]) == {parent}


@pytest.fixture
def topic(aws, unique):
    return aws("sns").create_topic(Name=unique)["TopicArn"]


@pytest.fixture
def acted(cloudwatch):
    """How often an alarm has acted."""

    def count(name):
        items = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        return len(items["AlarmHistoryItems"])

    return count


def test_suppressor_holds_actions_back(
    children, composite, set_state, described, topic, acted, waiting
):
    cause, suppressor = children
    name = composite(
        "loud",
        f"ALARM({cause})",
        AlarmActions=[topic],
        ActionsSuppressor=suppressor,
        ActionsSuppressorWaitPeriod=1,
        ActionsSuppressorExtensionPeriod=1,
    )
    set_state(suppressor, "ALARM")
    set_state(cause, "ALARM")
    found = described(name)
    assert (found["StateValue"], found["ActionsSuppressedBy"]) == ("ALARM", "Alarm")
    set_state(suppressor, "OK")
    waiting(
        "the extension",
        lambda: described(name).get("ActionsSuppressedBy") in {None, "ExtensionPeriod"},
    )
    waiting("the action", lambda: acted(name) == 1)
    assert "ActionsSuppressedBy" not in described(name)


def test_actions_wait_for_a_suppressor_that_does_not_come(
    children, composite, set_state, topic, acted, waiting
):
    cause, suppressor = children
    name = composite(
        "loud",
        f"ALARM({cause})",
        AlarmActions=[topic],
        ActionsSuppressor=suppressor,
        ActionsSuppressorWaitPeriod=2,
        ActionsSuppressorExtensionPeriod=0,
    )
    started = time.time()
    set_state(cause, "ALARM")
    waiting("the action", lambda: acted(name) == 1)
    assert time.time() - started >= 2


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("ALARM(", "Error in alarm rule: expected the name or ARN of an alarm"),
        ("alarm(x)", "Error in alarm rule: unexpected 'alarm'"),
        (
            "ALARM(no-such-alarm)",
            "Could not save the composite alarm as alarms [no-such-alarm] in the alarm rule do not "
            "exist",
        ),
    ],
)
def test_rule_is_refused(composite, rule, message):
    with pytest.raises(ClientError) as caught:
        composite("bad", rule)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationError", message)


def test_cycle_is_refused(children, composite):
    first = composite("first", f"ALARM({children[0]})")
    second = composite("second", f"ALARM({first})")
    with pytest.raises(ClientError, match="its rule has a cycle"):
        composite("first", f"ALARM({second})")
