"""The invoke action of Lambda: the function gets a job as its event, and says itself how it ended.

It is invoked asynchronously. What it returns or raises decides nothing: the job waits for
PutJobSuccessResult or PutJobFailureResult, or until the action's time is up. A function that
answers with a continuation token is invoked again with it.
"""

import json
import time
import uuid
from typing import Any

from emulation.services.codepipeline import artifacts
from emulation.services.codepipeline.store import ActionRun, Execution, Members
from emulation.services.codepipeline.tasks import Outcome, Task

CONTINUE_SECONDS = 5.0
"""When a function with a continuation token is invoked again; AWS says nothing but 'later'."""


class LambdaProvider:
    """Invokes a function."""

    polls = False

    def start(self, task: Task) -> Outcome | None:
        """Invoke it, as often as this is asked for."""
        if "job" not in task.run.work:
            task.keep(job=str(uuid.uuid4()), nonce=str(time.time_ns()))
        invoke(task, "")
        return None

    def look(self, task: Task) -> Outcome | None:
        """Whether the function has said how it ended."""
        work = task.run.work
        if "result" in work:
            result = work["result"]
            return Outcome(result["summary"], result["error"], result["code"])
        if "again" in work and time.time() >= work["again"]:
            token = work["continuation"]
            del work["again"]
            task.keep()
            invoke(task, token)
        return None


def invoke(task: Task, continuation: str) -> None:
    """Send the function its job."""
    data = job_data(task.execution, task.declaration, task.action, task.run)
    if continuation:
        data["continuationToken"] = continuation
    event = {
        "CodePipeline.job": {
            "id": task.run.work["job"],
            "accountId": task.execution.account,
            "data": data,
        }
    }
    task.client("lambda_").invoke(
        FunctionName=task.configuration["FunctionName"],
        InvocationType="Event",
        Payload=json.dumps(event),
    )


def job_data(
    execution: Execution, declaration: Members, action: Members, run: ActionRun
) -> Members:
    """What a job is about, as the event and GetJobDetails tell it."""
    data: Members = {
        "actionConfiguration": {"configuration": dict(run.configuration)},
        "inputArtifacts": [artifact(item) for item in run.inputs],
        "outputArtifacts": [artifact(item) for item in run.outputs],
        "artifactCredentials": credentials(execution, declaration["roleArn"]),
    }
    key = artifacts.store_of(declaration, execution.region).get("encryptionKey")
    if key:
        data["encryptionKey"] = key
    return data


def artifact(item: Members) -> Members:
    """An artifact of a job."""
    place = item["s3location"]
    return {
        "location": {
            "s3Location": {"bucketName": place["bucket"], "objectKey": place["key"]},
            "type": "S3",
        },
        "revision": None,
        "name": item["name"],
    }


def credentials(execution: Execution, role: str) -> dict[str, Any]:
    """Credentials of the pipeline's role, by which the function reaches the artifacts."""
    given = execution.scope.client("sts").assume_role(
        RoleArn=role, RoleSessionName=execution.identifier
    )["Credentials"]
    return {
        "secretAccessKey": given["SecretAccessKey"],
        "sessionToken": given["SessionToken"],
        "accessKeyId": given["AccessKeyId"],
        "expirationTime": int(given["Expiration"].timestamp() * 1000),
    }
