"""Manual approvals: a message to those who may answer, and a token to answer with.

Nothing is awaited but the answer, which is written into the run by PutApprovalResult.
"""

import json
import uuid
from datetime import UTC, datetime

from emulation.services.codepipeline.store import LOCK, Members
from emulation.services.codepipeline.tasks import Outcome, Task, deadline

CONSOLE = "https://console.aws.amazon.com/codepipeline/home"


class ApprovalProvider:
    """Waits for somebody."""

    polls = False

    def start(self, task: Task) -> Outcome | None:
        """Ask."""
        with LOCK:
            task.run.token = task.run.token or str(uuid.uuid4())
            task.execution.save()
        if topic := task.configuration.get("NotificationArn"):
            task.client("sns").publish(
                TopicArn=topic,
                Subject=subject(task),
                Message=json.dumps(message(task)),
            )
        return None

    def look(self, task: Task) -> Outcome | None:
        """Whether somebody has answered."""
        answer = task.run.work.get("answer")
        if answer is None:
            return None
        if answer["status"] == "Rejected":
            return Outcome(answer["summary"], error=answer["summary"] or "Rejected")
        return Outcome(answer["summary"])


def subject(task: Task) -> str:
    """A message's subject; SNS takes 100 characters."""
    pipeline = task.execution.pipeline
    return f"APPROVAL NEEDED: AWS CodePipeline {pipeline} for action {task.run.name}"[:100]


def message(task: Task) -> Members:
    """What is published, in the form of AWS's notification."""
    run, execution = task.run, task.execution
    expires = datetime.fromtimestamp(deadline(task), UTC)
    view = f"{CONSOLE}?region={execution.region}#/view/{execution.pipeline}"
    given = {
        "externalEntityLink": task.configuration.get("ExternalEntityLink"),
        "approvalReviewLink": f"{view}/{run.stage}/{run.name}/approve/{run.token}",
        "customData": task.configuration.get("CustomData"),
    }
    return {
        "region": execution.region,
        "consoleLink": view,
        "approval": {
            "pipelineName": execution.pipeline,
            "stageName": run.stage,
            "actionName": run.name,
            "token": run.token,
            "expires": expires.strftime("%Y-%m-%dT%H:%MZ"),
            **{name: value for name, value in given.items() if value is not None},
        },
    }
