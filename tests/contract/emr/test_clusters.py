"""Clusters of EMR: their states, their steps, and what becomes of them when a step fails."""

import pytest

from tests.contract.refusals import refusal

RUNNER = "command-runner.jar"
SCRIPT_RUNNER = "s3://us-east-1.elasticmapreduce/libs/script-runner/script-runner.jar"
OVER = ("TERMINATED", "TERMINATED_WITH_ERRORS")
FAST = {"Delay": 1, "MaxAttempts": 300}


def command(name: str, *words: str, action: str = "CONTINUE") -> dict:
    jar = {"Jar": RUNNER, "Args": list(words)}
    return {"Name": name, "ActionOnFailure": action, "HadoopJarStep": jar}


@pytest.fixture
def request_of(bucket, unique):
    """What RunJobFlow needs, with a cluster that stays."""

    def members(*, stays: bool = True, **given) -> dict:
        instances = {
            "MasterInstanceType": "m5.xlarge",
            "SlaveInstanceType": "m5.large",
            "InstanceCount": 3,
            "KeepJobFlowAliveWhenNoSteps": stays,
        }
        return {
            "Name": unique,
            "LogUri": f"s3://{bucket}/emr/",
            "ReleaseLabel": "emr-7.9.0",
            "Applications": [{"Name": "Spark"}],
            "JobFlowRole": "EMR_EC2_DefaultRole",
            "ServiceRole": "EMR_DefaultRole",
            "Instances": instances,
            **given,
        }

    return members


@pytest.fixture
def run(emr, request_of, waiting):
    """`run(...)`: a cluster's id; terminated afterwards."""
    made = []

    def run_job_flow(**given) -> str:
        made.append(emr.run_job_flow(**request_of(**given))["JobFlowId"])
        return made[-1]

    yield run_job_flow
    for identifier in made:
        emr.terminate_job_flows(JobFlowIds=[identifier])
    for identifier in made:
        waiting("its end", lambda one=identifier: status(emr, one)["State"] in OVER)


def status(emr, identifier: str) -> dict:
    return emr.describe_cluster(ClusterId=identifier)["Cluster"]["Status"]


def step(emr, cluster: str, identifier: str) -> dict:
    return emr.describe_step(ClusterId=cluster, StepId=identifier)["Step"]


def states(emr, cluster: str) -> dict[str, str]:
    found = emr.list_steps(ClusterId=cluster)["Steps"]
    return {one["Name"]: one["Status"]["State"] for one in found}


def test_a_cluster_bootstraps_runs_its_steps_and_waits(emr, run, put, text):
    boot = put("boot.sh", 'echo "boot $1"; echo kept > $HOME/file')
    script = put(
        "step.sh", '#!/bin/bash\necho "script $1"; cat ~/file; spark-submit --version 2>&1'
    )
    cluster = run(
        BootstrapActions=[
            {"Name": "boot", "ScriptBootstrapAction": {"Path": boot, "Args": ["first"]}}
        ],
        Steps=[
            command("fails", "bash", "-c", "echo out; echo ValueError: told >&2; exit 3"),
            {
                "Name": "script",
                "ActionOnFailure": "CONTINUE",
                "HadoopJarStep": {
                    "Jar": SCRIPT_RUNNER,
                    "Args": [script, "a b"],
                },
            },
        ],
        Tags=[{"Key": "team", "Value": "flights"}],
    )
    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig=FAST)
    ok, failed = (one["Id"] for one in emr.list_steps(ClusterId=cluster)["Steps"])
    emr.get_waiter("step_complete").wait(ClusterId=cluster, StepId=ok, WaiterConfig=FAST)
    log = text(f"emr/{cluster}/steps/{ok}/stdout.gz").splitlines()
    assert log[:2] == ["script a b", "kept"]
    assert any("version 4.1.1" in line for line in log)
    place = f"emr/{cluster}/steps/{failed}"
    assert step(emr, cluster, failed)["Status"]["FailureDetails"] == {
        "Reason": "Unknown Error.",
        "Message": "ValueError: told",
        "LogFile": f"s3://{bucket_of(emr, cluster)}/{place}/stderr.gz",
    }
    assert text(f"{place}/stdout.gz") == "out\n"
    assert "Step failed with exitCode 3" in text(f"{place}/controller.gz")
    found = emr.describe_cluster(ClusterId=cluster)["Cluster"]
    assert found["Status"]["State"] == "WAITING"
    assert found["Status"]["StateChangeReason"] == {
        "Message": "Cluster ready after last step completed."
    }
    assert found["Applications"] == [{"Name": "Spark", "Version": "4.1.1"}]
    assert found["Tags"] == [{"Key": "team", "Value": "flights"}]
    groups = emr.list_instance_groups(ClusterId=cluster)["InstanceGroups"]
    counts = {group["InstanceGroupType"]: group["RunningInstanceCount"] for group in groups}
    assert counts == {"MASTER": 1, "CORE": 2}
    master = emr.list_instances(ClusterId=cluster, InstanceGroupTypes=["MASTER"])["Instances"][0]
    log = text(f"emr/{cluster}/node/{master['Ec2InstanceId']}/bootstrap-actions/1/stdout.gz")
    assert log == "boot first\n"


def bucket_of(emr, cluster: str) -> str:
    return emr.describe_cluster(ClusterId=cluster)["Cluster"]["LogUri"].split("/")[2]


def test_a_cluster_without_work_ends_when_it_is_not_to_stay(emr, run):
    cluster = run(stays=False, Steps=[command("ok", "true"), command("no", "false")])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig=FAST)
    assert status(emr, cluster)["StateChangeReason"] == {
        "Code": "ALL_STEPS_COMPLETED",
        "Message": "Steps completed with errors",
    }
    assert states(emr, cluster) == {"ok": "COMPLETED", "no": "FAILED"}


def test_a_failed_step_terminates_its_cluster(emr, run, waiting):
    cluster = run(
        Steps=[command("no", "false", action="TERMINATE_CLUSTER"), command("next", "true")]
    )
    waiting("the end", lambda: status(emr, cluster)["State"] == "TERMINATED_WITH_ERRORS")
    assert status(emr, cluster)["StateChangeReason"] == {
        "Code": "STEP_FAILURE",
        "Message": "Shut down as step failed",
    }
    assert states(emr, cluster) == {"no": "FAILED", "next": "CANCELLED"}


def test_a_failed_step_cancels_the_others_and_the_cluster_waits(emr, run, waiting):
    cluster = run(Steps=[command("no", "false", action="CANCEL_AND_WAIT"), command("next", "true")])
    waiting("the wait", lambda: status(emr, cluster)["State"] == "WAITING")
    assert states(emr, cluster) == {"no": "FAILED", "next": "CANCELLED"}


def test_a_failed_bootstrap_action_terminates_the_cluster(emr, run, put, waiting):
    boot = put("boot.sh", "exit 7")
    action = {"Name": "boot", "ScriptBootstrapAction": {"Path": boot}}
    cluster = run(BootstrapActions=[action], Steps=[command("never", "true")])
    waiting("the end", lambda: status(emr, cluster)["State"] == "TERMINATED_WITH_ERRORS")
    reason = status(emr, cluster)["StateChangeReason"]
    assert reason["Code"] == "BOOTSTRAP_FAILURE"
    assert reason["Message"].endswith("bootstrap action 1 returned a non-zero return code")
    assert states(emr, cluster) == {"never": "CANCELLED"}


def test_steps_are_cancelled_pending_and_running(emr, run, waiting):
    cluster = run(Steps=[command("long", "sleep", "1000"), command("next", "true")])
    waiting("the step", lambda: states(emr, cluster)["long"] == "RUNNING")
    pending, running = (one["Id"] for one in emr.list_steps(ClusterId=cluster)["Steps"])
    answers = emr.cancel_steps(ClusterId=cluster, StepIds=[pending, running, "s-NONE"])
    told = [one["Status"] for one in answers["CancelStepsInfoList"]]
    assert told == ["SUBMITTED", "SUBMITTED", "FAILED"]
    waiting("the wait", lambda: status(emr, cluster)["State"] == "WAITING")
    assert states(emr, cluster) == {"long": "CANCELLED", "next": "CANCELLED"}


def test_steps_run_side_by_side_as_many_as_the_cluster_allows(emr, run, waiting):
    steps = [command(f"s{number}", "sleep", "1000") for number in range(3)]
    cluster = run(StepConcurrencyLevel=2, Steps=steps)
    waiting("two", lambda: sorted(states(emr, cluster).values())[1:] == ["RUNNING", "RUNNING"])
    assert sorted(states(emr, cluster).values()) == ["PENDING", "RUNNING", "RUNNING"]
    emr.modify_cluster(ClusterId=cluster, StepConcurrencyLevel=3)
    waiting("three", lambda: set(states(emr, cluster).values()) == {"RUNNING"})
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig=FAST)
    assert set(states(emr, cluster).values()) == {"INTERRUPTED"}


def test_the_end_of_a_cluster_stops_a_step_that_still_fetches_its_script(emr, run, put, waiting):
    fetched = 100 * "#" + "\n"
    script = put("long.sh", f"#!/bin/sh\nexec sleep 1000\n{fetched * 2_000_000}")
    jar = {"Jar": SCRIPT_RUNNER, "Args": [script]}
    cluster = run(Steps=[{"Name": "long", "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar}])
    waiting("the step", lambda: states(emr, cluster)["long"] == "RUNNING")
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig=FAST)
    assert states(emr, cluster) == {"long": "INTERRUPTED"}


def test_a_protected_cluster_is_not_terminated(emr, run):
    cluster = run()
    emr.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=True)
    assert refusal(emr.terminate_job_flows, JobFlowIds=[cluster]) == (
        "ValidationException",
        "Could not shut down one or more job flows since they are termination protected.",
    )
    emr.set_termination_protection(JobFlowIds=[cluster], TerminationProtected=False)
    emr.terminate_job_flows(JobFlowIds=[cluster])
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig=FAST)
    assert status(emr, cluster)["StateChangeReason"]["Code"] == "USER_REQUEST"
    assert refusal(emr.add_job_flow_steps, JobFlowId=cluster, Steps=[command("x", "true")]) == (
        "ValidationException",
        "A job flow that is shutting down, terminated, or finished may not be modified.",
    )


def test_a_cluster_that_is_told_not_to_stay_ends(emr, run):
    cluster = run(AutoTerminationPolicy={"IdleTimeout": 3600})
    emr.get_waiter("cluster_running").wait(ClusterId=cluster, WaiterConfig=FAST)
    policy = emr.get_auto_termination_policy(ClusterId=cluster)["AutoTerminationPolicy"]
    assert policy == {"IdleTimeout": 3600}
    emr.set_keep_job_flow_alive_when_no_steps(
        JobFlowIds=[cluster], KeepJobFlowAliveWhenNoSteps=False
    )
    emr.get_waiter("cluster_terminated").wait(ClusterId=cluster, WaiterConfig=FAST)
    assert status(emr, cluster)["StateChangeReason"]["Message"] == "Steps completed"


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"ReleaseLabel": "emr-99"},
            "ValidationException",
            "The supplied release label is invalid: emr-99.",
        ),
        (
            {"ServiceRole": ""},
            "ValidationException",
            "ServiceRole is required for creating cluster.",
        ),
        ({"JobFlowRole": "nobodys"}, "ValidationException", "Invalid InstanceProfile: nobodys."),
        (
            {"Applications": [{"Name": "Hive"}]},
            "InternalFailure",
            "emr.RunJobFlow with the application Hive is not emulated",
        ),
        (
            {"Steps": [command("x", "s3-dist-cp", "--src", "a")]},
            "InternalFailure",
            "emr.RunJobFlow with the command s3-dist-cp is not emulated",
        ),
        (
            {"Configurations": [{"Classification": "yarn-site", "Properties": {}}]},
            "InternalFailure",
            "emr.RunJobFlow with the classification yarn-site is not emulated",
        ),
    ],
)
def test_what_a_cluster_cannot_be_is_refused(emr, request_of, given, code, message):
    assert refusal(emr.run_job_flow, **request_of(**given)) == (code, message)


def test_what_is_not_there_is_told_in_the_words_of_the_operation(emr):
    assert refusal(emr.describe_cluster, ClusterId="j-NONE") == (
        "InvalidRequestException",
        "Cluster id 'j-NONE' is not valid.",
    )
    assert refusal(emr.terminate_job_flows, JobFlowIds=["j-NONE"]) == (
        "ValidationException",
        "Specified job flow ID not valid.",
    )
