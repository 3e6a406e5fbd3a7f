"""An instance is what its user data starts: it runs, writes, stops, starts again and ends."""

import json

HEARTBEAT = """
import sys, time, boto3
bucket = sys.argv[1]
while True:
    boto3.client("s3").put_object(Bucket=bucket, Key="beat", Body=str(time.time()))
    print("beat", flush=True)
    time.sleep(0.2)
"""


def test_unit_writes_with_plain_boto3_until_its_instance_is_terminated(
    aws, bucket, profile, launched, in_state, says, waiting, unit_text, cloud_config
):
    s3 = aws("s3")
    command = f"/opt/beat/bin/python /opt/beat.py {bucket}"
    files = {
        "/opt/beat.py": HEARTBEAT,
        "/etc/systemd/system/beat.service": unit_text(command, Restart="always"),
    }
    runcmd = [
        ["python3.13", "-m", "venv", "/opt/beat"],
        "/opt/beat/bin/pip install --quiet boto3",
        "systemctl enable --now beat",
    ]
    data = cloud_config(files, packages=["python3.13"], runcmd=runcmd)
    started = launched(UserData=data, IamInstanceProfile={"Name": profile})
    in_state(started, "running")
    says(started, "beat.service: beat")
    first = s3.get_object(Bucket=bucket, Key="beat")["Body"].read()
    waiting("another beat", lambda: s3.get_object(Bucket=bucket, Key="beat")["Body"].read() > first)

    ended = aws("ec2").terminate_instances(InstanceIds=[started])["TerminatingInstances"]
    assert ended[0]["CurrentState"]["Name"] == "shutting-down"
    terminated = in_state(started, "terminated")
    assert terminated["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    s3.delete_object(Bucket=bucket, Key="beat")
    assert "Stopped beat.service" in says(started, "The instance has stopped")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_instance_that_is_terminated_while_it_boots_ends(
    ec2, launched, in_state, unit_text, cloud_config
):
    """A signal that comes before the first process handles it would be lost."""
    files = {"/etc/systemd/system/a.service": unit_text("/bin/sleep 1000", Restart="always")}
    data = cloud_config(files, runcmd=["systemctl enable --now a"])
    for _ in range(3):
        started = launched(UserData=data)
        ec2.terminate_instances(InstanceIds=[started])
        in_state(started, "terminated")


def test_role_and_metadata_come_from_imds(profile, launched, says, instance):
    script = f"""#!/bin/bash
set -e
base=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
token=$(curl -sf -X PUT $base/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
get() {{ curl -s -H "X-aws-ec2-metadata-token: $token" -w ' %{{http_code}}' "$base/$1"; echo; }}
echo id: $(get meta-data/instance-id)
echo region: $(get meta-data/placement/region)
echo role: $(get meta-data/iam/security-credentials/)
echo keys: $(get meta-data/iam/security-credentials/{profile} | tr -d '\\n')
echo tag: $(get meta-data/tags/instance/Name)
echo absent: $(get meta-data/nothing)
echo without a token: $(curl -s -o /dev/null -w '%{{http_code}}' $base/meta-data/)
echo caller: $(aws sts get-caller-identity --query Arn --output text --region us-east-1)
"""
    started = launched(
        UserData=script,
        IamInstanceProfile={"Name": profile},
        MetadataOptions={"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "worker"}]}
        ],
    )
    told = says(started, "cloud-init: finished")
    for line in (
        f"id: {started} 200",
        "region: us-east-1 200",
        f"role: {profile} 200",
        "tag: worker 200",
        "absent: 404",
        "without a token: 401",
        f"assumed-role/{profile}/{started}",
    ):
        assert line in told
    keys = told.split("keys: ")[1].splitlines()[0].removesuffix(" 200")
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} <= json.loads(keys).keys()
    assert instance(started)["IamInstanceProfile"]["Arn"].endswith(f"instance-profile/{profile}")


def test_stopped_instance_keeps_its_volume_and_starts_its_units_again(
    ec2, launched, in_state, says, unit_text, cloud_config
):
    count = "/bin/sh -c 'echo x >> /var/boots; echo boots: $(wc -l < /var/boots); exec sleep 1000'"
    files = {"/etc/systemd/system/count.service": unit_text(count)}
    data = cloud_config(files, runcmd=["echo user data ran", "systemctl enable --now count"])
    started = launched(UserData=data)
    says(started, "boots: 1")
    ec2.stop_instances(InstanceIds=[started])
    stopped = in_state(started, "stopped")
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    ec2.start_instances(InstanceIds=[started])
    told = says(started, "boots: 2")
    assert told.count("user data ran") == 1
    ec2.reboot_instances(InstanceIds=[started])
    says(started, "boots: 3")
    assert in_state(started, "running")["InstanceId"] == started


def test_what_fails_in_a_boot_is_on_the_console_and_the_instance_runs(
    launched, in_state, says, unit_text, cloud_config
):
    files = {"/etc/systemd/system/bad.service": unit_text("/opt/absent/program")}
    runcmd = ["systemctl start bad", "dnf install -y no-such-package", "exit 3"]
    started = launched(UserData=cloud_config(files, runcmd=runcmd))
    told = says(started, "cloud-init: finished, 1 failed")
    assert "Failed to execute /opt/absent/program" in told
    assert "Job for bad.service failed because of 'exit-code'" in told
    assert "No match for argument: no-such-package" in told
    assert "runcmd ended with exit code 3" in told
    assert in_state(started, "running")


def test_user_data_that_is_nothing_is_told_on_the_console(launched, says):
    assert "unhandled user data" in says(launched(UserData="hello"), "finished, 1 failed")
    broken = launched(UserData="#cloud-config\nruncmd: [")
    assert "failed loading yaml blob" in says(broken, "finished, 1 failed")


def test_unit_that_dies_is_restarted_and_one_that_dies_too_often_has_failed(
    launched, says, unit_text, cloud_config
):
    files = {
        "/etc/systemd/system/again.service": unit_text(
            "/bin/sh -c 'echo turn $$; exit 1'", Restart="on-failure", RestartSec="100ms"
        ),
        "/etc/systemd/system/once.service": unit_text("/bin/sh -c 'exit 1'", Restart="on-abnormal"),
    }
    runcmd = ["systemctl start again once", "sleep 2", "systemctl is-failed again once"]
    told = says(launched(UserData=cloud_config(files, runcmd=runcmd)), "cloud-init: finished")
    assert told.count("again.service: turn") == 5
    assert "Failed with result 'start-limit-hit'" in told
    assert "once.service: Scheduled restart" not in told
    assert told.count("cloud-init: failed") == 2


def test_program_can_power_the_instance_off(launched, in_state):
    script = "#!/bin/sh\nshutdown -h now\n"
    stopped = in_state(launched(UserData=script), "stopped")
    assert stopped["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    gone = launched(UserData=script, InstanceInitiatedShutdownBehavior="terminate")
    in_state(gone, "terminated")


def test_working_tree_and_home_of_the_machine_are_out_of_sight(launched, says):
    script = "#!/bin/sh\nls /home /root /opt; python3.13 -c 'import emulation'; touch /usr/x\n"
    told = says(launched(UserData=script), "cloud-init: finished")
    assert "No module named 'emulation'" in told
    assert "Read-only file system" in told


def test_same_client_token_launches_once(ec2, ami, launched, unique):
    first = launched(ClientToken=unique)
    assert launched(ClientToken=unique) == first
    found = ec2.describe_instances(Filters=[{"Name": "client-token", "Values": [unique]}])
    assert len(found["Reservations"]) == 1


def test_filters_statuses_and_tags(ec2, launched, in_state, waiting, unique):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": unique}]}]
    started = launched(TagSpecifications=tags)
    in_state(started, "running")
    by_name = [{"Name": "tag:Name", "Values": [f"{unique[:-1]}?"]}]
    running = {"Name": "instance-state-name", "Values": ["running"]}
    found = ec2.describe_instances(Filters=[*by_name, running])["Reservations"]
    assert [item["InstanceId"] for r in found for item in r["Instances"]] == [started]

    def checks():
        (status,) = ec2.describe_instance_status(InstanceIds=[started])["InstanceStatuses"]
        return status["InstanceStatus"]["Status"] == "ok"

    waiting("the checks to pass", checks)
    ec2.create_tags(Resources=[started], Tags=[{"Key": "team", "Value": "a"}])
    ec2.delete_tags(Resources=[started], Tags=[{"Key": "Name"}])
    told = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [started]}])["Tags"]
    assert [(tag["Key"], tag["Value"]) for tag in told] == [("team", "a")]
