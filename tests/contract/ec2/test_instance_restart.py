"""An emulator that is killed leaves no process behind, and its instances come back."""

import os
import signal
from pathlib import Path

import psutil

AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
RESOLVED = f"resolve:ssm:{AMI}"
SLEEP = "987654"


def test_killed_emulator_leaves_no_orphan_and_recovers_its_instances(
    own_emulator, unit_text, cloud_config, encoded, waiting
):
    ec2, autoscaling = own_emulator.aws("ec2"), own_emulator.aws("autoscaling")
    files = {"/etc/systemd/system/nap.service": unit_text(f"/bin/sleep {SLEEP}")}
    runcmd = ["echo user data ran", "systemctl enable --now nap"]
    data = {
        "ImageId": RESOLVED,
        "InstanceType": "t3.nano",
        "UserData": encoded(cloud_config(files, runcmd=runcmd)),
    }
    ec2.create_launch_template(LaunchTemplateName="nap", LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="nap",
        LaunchTemplate={"LaunchTemplateName": "nap"},
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
    )

    def members():
        (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return [
            item["InstanceId"]
            for item in group["Instances"]
            if item["LifecycleState"] == "InService"
        ]

    (first,) = waiting("the instance", members)
    folder = own_emulator.folder / "state/ec2/000000000000/us-east-1" / first

    def unit_runs():
        pid = int((folder / "pid").read_text()) if (folder / "pid").exists() else 0
        if not psutil.pid_exists(pid):
            return []
        family = psutil.Process(pid).children(recursive=True)
        return [process for process in family if process.cmdline()[-1:] == [SLEEP]]

    (napping,) = waiting("the unit", unit_runs)
    own_emulator.end(signal.SIGKILL)
    waiting("the unit to end with the emulator", lambda: not napping.is_running())

    own_emulator.start()
    (again,) = waiting("the unit after the restart", unit_runs)
    assert again.pid != napping.pid
    waiting("the same instance in service", lambda: members() == [first])
    console = ec2.get_console_output(InstanceId=first)["Output"]
    assert console.count("user data ran") == 1

    # The first process dies: another instance takes its place.
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    (second,) = waiting("another instance", lambda: [i for i in members() if i != first])
    assert Path(folder.parent / second).is_dir()
    waiting("the dead instance's unit to end", lambda: not again.is_running())
