"""What EMR tells EventBridge, and what is left of its work after the emulator was killed."""

import json
import signal

import pytest

from tests.contract.emr.conftest import TRUST

CLUSTER = {
    "ReleaseLabel": "emr-7.9.0",
    "JobFlowRole": "EMR_EC2_DefaultRole",
    "ServiceRole": "EMR_DefaultRole",
    "Instances": {
        "MasterInstanceType": "m5.xlarge",
        "InstanceCount": 1,
        "KeepJobFlowAliveWhenNoSteps": True,
    },
}


def step(name: str, *words: str, action: str = "CONTINUE") -> dict:
    jar = {"Jar": "command-runner.jar", "Args": list(words)}
    return {"Name": name, "ActionOnFailure": action, "HadoopJarStep": jar}


@pytest.fixture
def told(aws, unique):
    """`told()`: the events of EMR since the test began."""
    sqs, events = aws("sqs"), aws("events")
    queue = sqs.create_queue(QueueName=unique)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    events.put_rule(
        Name=unique, EventPattern=json.dumps({"source": ["aws.emr", "aws.emr-serverless"]})
    )
    events.put_targets(Rule=unique, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    found = []

    def read() -> list[dict]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    yield read
    events.remove_targets(Rule=unique, Ids=["queue"])
    events.delete_rule(Name=unique)
    sqs.delete_queue(QueueUrl=queue)


def test_states_are_told_as_events(emr, serverless, application, role, told, waiting, unique):
    run = serverless.start_job_run(
        applicationId=application,
        executionRoleArn=role,
        jobDriver={
            "sparkSubmit": {
                "entryPoint": "s3://nowhere/x.py",
                "sparkSubmitParameters": "--properties-file /no/such/file",
            }
        },
    )["jobRunId"]
    cluster = emr.run_job_flow(Name=unique, Steps=[step("no", "false")], **CLUSTER)["JobFlowId"]

    def states(kind: str, name: str, identifier: str) -> list[str]:
        details = [one["detail"] for one in told() if one["detail-type"] == kind]
        return [detail["state"] for detail in details if detail.get(name) == identifier]

    def all_there() -> bool:
        runs = states("EMR Serverless Job Run State Change", "jobRunId", run)
        clusters = states("EMR Cluster State Change", "clusterId", cluster)
        steps = states("EMR Step Status Change", "clusterId", cluster)
        return "FAILED" in runs and "WAITING" in clusters and "FAILED" in steps

    waiting("the events", all_there)
    runs = states("EMR Serverless Job Run State Change", "jobRunId", run)
    assert sorted(runs) == ["FAILED", "PENDING", "RUNNING", "SCHEDULED"]
    severity = {
        one["detail"]["state"]: one["detail"]["severity"]
        for one in told()
        if one["detail-type"] == "EMR Step Status Change"
    }
    assert severity["FAILED"] == "ERROR"
    emr.terminate_job_flows(JobFlowIds=[cluster])


def test_after_a_kill_streams_and_clusters_go_on_and_what_else_ran_has_failed(
    own_emulator, unique, waiting
):
    emr, serverless = own_emulator.aws("emr"), own_emulator.aws("emr-serverless")
    role = own_emulator.aws("iam").create_role(
        RoleName=unique, AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    made = serverless.create_application(releaseLabel="emr-7.9.0", type="SPARK", name=unique)
    application = made["applicationId"]
    own_emulator.aws("s3").create_bucket(Bucket=unique)
    script = b"import time; time.sleep(1000)"
    own_emulator.aws("s3").put_object(Bucket=unique, Key="sleeps.py", Body=script)
    started = {
        mode: serverless.start_job_run(
            applicationId=application,
            executionRoleArn=role,
            mode=mode,
            jobDriver={"sparkSubmit": {"entryPoint": f"s3://{unique}/sleeps.py"}},
        )["jobRunId"]
        for mode in ("BATCH", "STREAMING")
    }
    steps = [step("long", "sleep", "1000"), step("next", "true")]
    cluster = emr.run_job_flow(Name=unique, Steps=steps, **CLUSTER)["JobFlowId"]

    def run(mode: str):
        asked = {"applicationId": application, "jobRunId": started[mode]}
        return serverless.get_job_run(**asked)["jobRun"]

    def running() -> bool:
        states = {run(mode)["state"] for mode in started}
        named = emr.list_steps(ClusterId=cluster)["Steps"]
        return states == {"RUNNING"} and named[-1]["Status"]["State"] == "RUNNING"

    waiting("all to run", running)
    own_emulator.end(signal.SIGKILL)
    own_emulator.start()
    interrupted = ("FAILED", "The emulator ended while the job run was running.")
    batch = run("BATCH")
    assert (batch["state"], batch["stateDetails"]) == interrupted
    waiting("another attempt", lambda: run("STREAMING")["state"] == "RUNNING")
    second, first = serverless.list_job_run_attempts(
        applicationId=application, jobRunId=started["STREAMING"]
    )["jobRunAttempts"]
    assert (first["attempt"], first["state"], first["stateDetails"]) == (1, *interrupted)
    assert (second["attempt"], second["state"]) == (2, "RUNNING")
    kept = serverless.get_application(applicationId=application)["application"]
    assert (kept["name"], kept["state"]) == (unique, "STARTED")
    waiting(
        "the cluster",
        lambda: emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"] == "WAITING",
    )
    told = {one["Name"]: one["Status"] for one in emr.list_steps(ClusterId=cluster)["Steps"]}
    assert told["long"]["State"] == "FAILED"
    assert told["long"]["FailureDetails"]["Message"] == "The emulator ended while the step ran."
    assert told["next"]["State"] == "COMPLETED"
