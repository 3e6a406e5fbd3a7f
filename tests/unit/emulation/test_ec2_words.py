"""EC2's filters, a rolling update's steps, and the image's lock."""

import pytest
from localstack.aws.api import CommonServiceException

from emulation.compute.instances.guest.paths import Paths
from emulation.compute.instances.image_setup import WHEELS, requirements
from emulation.services.autoscaling.rolling import Rolling, duration, replace_some, rolling_policy
from emulation.services.ec2.filters import matching, member


@pytest.mark.parametrize(
    ("value", "found"),
    [("abc", True), ("a*", True), ("a?c", True), ("ab", False), (r"a\*", False), ("*", True)],
)
def test_filter_values(value, found):
    filters = [{"Name": "n", "Values": [value]}]
    assert bool(matching([{"Name": "abc"}], filters, {"n": member("Name")})) is found


def test_every_filter_must_match():
    things = [{"A": 1, "B": True, "Tags": [{"Key": "k", "Value": "v"}]}]
    readers = {"a": member("A"), "b": member("B")}
    tag = {"Name": "tag:k", "Values": ["v"]}
    assert matching(things, [{"Name": "a", "Values": ["1"]}, tag], readers)
    assert not matching(things, [{"Name": "b", "Values": ["false"]}, tag], readers)
    with pytest.raises(CommonServiceException, match="The filter 'c' is invalid"):
        matching(things, [{"Name": "c", "Values": []}], readers)


class Client:
    """Notes what a rolling update asks for."""

    def __init__(self):
        self.asked = []

    def set_desired_capacity(self, **request):
        self.asked.append(request["DesiredCapacity"])

    def terminate_instance_in_auto_scaling_group(self, **request):
        self.asked.append(request["InstanceId"])


def group(*versions, desired=None, most=4):
    instances = [
        {"InstanceId": f"i{number}", "LifecycleState": "InService", "LaunchTemplate": version}
        for number, version in enumerate(versions)
    ]
    return {
        "AutoScalingGroupName": "g",
        "Instances": instances,
        "DesiredCapacity": desired or len(versions),
        "MaxSize": most,
    }


@pytest.mark.parametrize(
    ("found", "policy", "asked", "done"),
    [
        (group("old", "old", "old"), Rolling(1, 1, 0), ["i0"], False),
        (group("old", "old", "old"), Rolling(1, 5, 0), ["i0", "i1"], False),
        (group("old", "old", "old", desired=4), Rolling(0, 5, 0), [], False),
        (group("old", "old", "old"), Rolling(3, 1, 0), [4], False),
        (group("new", "new", "new", "new"), Rolling(3, 1, 0), [3], False),
        (group("new", "new", "new"), Rolling(3, 1, 0), [], True),
    ],
)
def test_rolling_update_takes_a_step(found, policy, asked, done):
    client = Client()
    context = {"template": "new", "desired": 3}
    assert replace_some(client, found, policy, context) is done
    assert client.asked == asked


def test_rolling_update_without_room_is_refused():
    with pytest.raises(ValueError, match="must be less than"):
        replace_some(
            Client(), group("old", most=1), Rolling(1, 1, 0), {"template": "new", "desired": 1}
        )


@pytest.mark.parametrize(("text", "seconds"), [("PT0S", 0), ("PT5M", 300), ("PT1H2M3S", 3723)])
def test_pauses(text, seconds):
    assert duration(text) == seconds


def test_signals_are_refused():
    with pytest.raises(NotImplementedError, match="WaitOnResourceSignals"):
        rolling_policy({"AutoScalingRollingUpdate": {"WaitOnResourceSignals": "true"}})


def test_lock_names_every_wheel_with_hashes(request):
    text = requirements((request.config.rootpath / "requirements.lock").read_text())
    assert [line.split("==")[0] for line in text.splitlines() if "==" in line] == list(WHEELS)
    assert text.count("--hash=sha256:") >= len(WHEELS)


def test_paths_without_a_root_of_their_own():
    paths = Paths("/state/volume")
    text = "/opt/a --config=/etc/b /usr/bin/c s3://bucket/opt/x ./etc/y"
    assert paths.here(text) == (
        "/state/volume/opt/a --config=/state/volume/etc/b /usr/bin/c s3://bucket/opt/x ./etc/y"
    )
    assert Paths().here(text) == text
