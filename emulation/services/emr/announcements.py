"""EMR's own events on EventBridge: "EMR Cluster State Change" and "EMR Step Status Change", with
the details and sentences of its management guide.
"""

import json
import time

from emulation.services.emr.store import Cluster, Step, moment
from emulation.services.service_events import put_event

SOURCE = "aws.emr"
SEVERITIES = {"FAILED": "ERROR", "CANCELLED": "WARN", "INTERRUPTED": "WARN"}


def _time(seconds: float | None = None) -> str:
    return moment(seconds or time.time()).strftime("%Y-%m-%d %H:%M UTC")


def cluster_changed(cluster: Cluster) -> None:
    """A cluster is in another state."""
    reason = {"code": cluster.code, **({"message": cluster.message} if cluster.message else {})}
    detail = {
        "severity": "CRITICAL" if cluster.state == "TERMINATED_WITH_ERRORS" else "INFO",
        "stateChangeReason": json.dumps(reason, separators=(",", ":")),
        "name": cluster.name,
        "clusterId": cluster.identifier,
        "state": cluster.state,
        "message": _told(cluster),
    }
    put_event(cluster.account, cluster.region, SOURCE, "EMR Cluster State Change", detail)


def _told(cluster: Cluster) -> str:
    named = f"{cluster.identifier} ({cluster.name})"
    reason = f"at {_time()} with a reason of {cluster.code}."
    return {
        "STARTING": f"Amazon EMR cluster {named} was requested at {_time()} and is being created.",
        "BOOTSTRAPPING": f"Amazon EMR cluster {named} is being bootstrapped.",
        "RUNNING": f"Amazon EMR cluster {named} began running steps at {_time()}.",
        "WAITING": f"Amazon EMR cluster {named} is ready and waiting for steps at {_time()}.",
        "TERMINATING": f"Amazon EMR cluster {named} is being terminated {reason}",
        "TERMINATED": f"Amazon EMR Cluster {named} has terminated {reason}",
        "TERMINATED_WITH_ERRORS": f"Amazon EMR Cluster {named} has terminated with errors {reason}",
    }[cluster.state]


def step_changed(cluster: Cluster, step: Step) -> None:
    """A step is in another state."""
    detail = {
        "severity": SEVERITIES.get(step.state, "INFO"),
        "actionOnFailure": step.action,
        "stepId": step.identifier,
        "name": step.members["Name"],
        "clusterId": cluster.identifier,
        "state": step.state,
        "message": _step_told(cluster, step),
    }
    put_event(cluster.account, cluster.region, SOURCE, "EMR Step Status Change", detail)


def _step_told(cluster: Cluster, step: Step) -> str:
    named = f"Step {step.identifier} ({step.members['Name']})"
    where = f"Amazon EMR cluster {cluster.identifier} ({cluster.name})"
    started = step.started or step.created
    minutes = int(((step.ended or started) - started) // 60)
    return {
        "PENDING": f"{named} was added to {where} at {_time()} and is pending execution.",
        "RUNNING": f"{named} in {where} started running at {_time()}.",
        "COMPLETED": (
            f"{named} in {where} completed execution at {_time()}. The step started running at "
            f"{_time(started)} and took {minutes} minutes to complete."
        ),
        "FAILED": f"{named} in {where} failed at {_time()}.",
        "CANCELLED": f"{named} in {where} was cancelled at {_time()}.",
        "CANCEL_PENDING": f"{named} in {where} is pending cancellation at {_time()}.",
        "INTERRUPTED": f"{named} in {where} was interrupted at {_time()}.",
    }[step.state]
