"""Steps: adding, looking at and cancelling them. The work itself is in `stepping`."""

from emulation.services.emr import announcements, checks, keeping, stepping
from emulation.services.emr.commands import log_address
from emulation.services.emr.errors import ended
from emulation.services.emr.find import find_cluster, find_step, marked
from emulation.services.emr.store import (
    ENDING,
    LOCK,
    Cluster,
    Members,
    Step,
    moment,
    new_identifier,
)
from emulation.services.scope import Scope

CANCELLABLE = ("PENDING", "RUNNING")


def new_steps(given: list[Members], role: str = "") -> list[Step]:
    """Steps as a request names them."""
    return [Step(new_identifier("s-"), members, role=role) for members in given]


def add(scope: Scope, request: Members) -> Members:
    """AddJobFlowSteps."""
    with LOCK:
        cluster = find_cluster(scope, request["JobFlowId"])
        if cluster.state in ENDING:
            raise ended()
        level = cluster.members.get("StepConcurrencyLevel") or 1
        checks.check_steps("AddJobFlowSteps", request["Steps"], level)
        steps = new_steps(request["Steps"], request.get("ExecutionRoleArn") or "")
        cluster.steps += steps
        cluster.save()
        for step in steps:
            announcements.step_changed(cluster, step)
    keeping.changed()
    return {"StepIds": [step.identifier for step in steps]}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeStep."""
    with LOCK:
        cluster = find_cluster(scope, request["ClusterId"])
        return {"Step": described(cluster, find_step(cluster, request["StepId"]))}


def described(cluster: Cluster, step: Step) -> Members:
    """As DescribeStep tells it."""
    jar = step.members["HadoopJarStep"]
    properties = {
        pair.get("Key", ""): pair.get("Value", "") for pair in jar.get("Properties") or []
    }
    main = {"MainClass": jar["MainClass"]} if jar.get("MainClass") else {}
    role = {"ExecutionRoleArn": step.role} if step.role else {}
    address = log_address(cluster, f"steps/{step.identifier}")
    log = {"LogUri": f"{address}/"} if address else {}
    return {
        "Id": step.identifier,
        "Name": step.members["Name"],
        "Config": {"Jar": jar["Jar"], "Properties": properties, "Args": jar.get("Args") or []}
        | main,
        "ActionOnFailure": step.action,
        "Status": _status(step),
        **role,
        **log,
    }


def _status(step: Step) -> Members:
    times = {
        "CreationDateTime": step.created,
        "StartDateTime": step.started,
        "EndDateTime": step.ended,
    }
    failure = {"FailureDetails": step.failure} if step.failure else {}
    return {
        "State": step.state,
        "StateChangeReason": {"Message": step.message} if step.message else {},
        "Timeline": {name: moment(at) for name, at in times.items() if at is not None},
        **failure,
    }


def list_steps(scope: Scope, request: Members) -> Members:
    """ListSteps, the latest first."""
    with LOCK:
        cluster = find_cluster(scope, request["ClusterId"])
        states, named = request.get("StepStates"), request.get("StepIds")
        found = [
            described(cluster, step)
            for step in reversed(cluster.steps)
            if (not states or step.state in states) and (not named or step.identifier in named)
        ]
    items, marker = marked(request, found)
    return {"Steps": items, **marker}


def cancel(scope: Scope, request: Members) -> Members:
    """CancelSteps: each step is answered for."""
    at_once = request.get("StepCancellationOption") == "TERMINATE_PROCESS"
    with LOCK:
        cluster = find_cluster(scope, request["ClusterId"])
        answers = [_cancel(cluster, one, at_once=at_once) for one in request["StepIds"]]
    keeping.changed()
    return {"CancelStepsInfoList": answers}


def _cancel(cluster: Cluster, identifier: str, *, at_once: bool) -> Members:
    step = cluster.step(identifier)
    again = step is not None and step.state == "CANCEL_PENDING" and at_once
    if step is None:
        return _refused(identifier, f"Step id '{identifier}' is not valid.")
    if step.state not in CANCELLABLE and not again:
        return _refused(identifier, f"Cannot cancel step in state {step.state}.")
    stepping.cancel(cluster, step, at_once=at_once)
    return {"StepId": identifier, "Status": "SUBMITTED"}


def _refused(identifier: str, reason: str) -> Members:
    return {"StepId": identifier, "Status": "FAILED", "Reason": reason}
