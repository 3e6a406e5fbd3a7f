"""EMR Serverless: the job that computes features as the events come, and how far it is."""

import gzip
import json
from typing import Any

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.documents import Documents
from api.core.stages.stage import Figure, Stage, State, absent
from pipeline.contracts.stream_features import FLIGHTS_PREFIX, NEWEST_KEY

RUNS, DAYS = 5, 400
WHAT = "The stream's features"

_RUN_STATES = {
    "SUCCESS": State.DONE,
    "FAILED": State.FAILED,
    "CANCELLED": State.DONE,
}


class Rolling:
    """Reads the job, and what it has left in the lake: each object once."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._days = Documents(clients, _lines, DAYS)
        self._newest = Documents(clients, _as_of, 1)

    def read(self, deployment: Deployment) -> Stage:
        """The newest run, and the moment in event time that it has come to."""
        application, bucket = (
            deployment.outputs.get(key, "") for key in ("StreamApplicationId", "LakeBucket")
        )
        if not application:
            return absent(WHAT)
        emr = self._clients("emr-serverless")
        state = emr.get_application(applicationId=application)["application"]["state"]
        runs = emr.list_job_runs(applicationId=application, maxResults=RUNS)["jobRuns"]
        runs = sorted(runs, key=lambda run: run["createdAt"], reverse=True)
        settled = sum(self._days.below(bucket, FLIGHTS_PREFIX)) if bucket else 0
        as_of = next(self._newest.below(bucket, NEWEST_KEY), None) if bucket else None
        return Stage(
            state=_RUN_STATES.get(runs[0]["state"], State.BUSY) if runs else State.IDLE,
            resource=application,
            summary=_summary(runs, as_of),
            figures=(
                Figure("settled", "flights settled", settled),
                Figure("runs", "runs", len(runs)),
            ),
            entries=tuple(_run(run) for run in runs),
            facts={"notes": [f"Application {state.lower()}", *_told_up_to(as_of)]},
        )


def _lines(content: bytes) -> int:
    return gzip.decompress(content).count(b"\n")


def _as_of(content: bytes) -> str:
    found: str = json.loads(gzip.decompress(content))["as_of"]
    return found


def _summary(runs: list[dict[str, Any]], as_of: str | None) -> str:
    if not runs:
        return "no job has run yet"
    newest = runs[0]
    reason = newest.get("stateDetails", "") if newest["state"] == "FAILED" else ""
    where = f", told up to {_moment(as_of)}" if as_of else ""
    return f"newest run {newest['state'].lower()}{where}{f': {reason}' if reason else ''}"


def _told_up_to(as_of: str | None) -> list[str]:
    return [f"Newest event {_moment(as_of)}"] if as_of else []


def _moment(as_of: str) -> str:
    return as_of.replace("T", " ").replace("Z", " UTC")


def _run(run: dict[str, Any]) -> dict[str, Any]:
    ended = run["updatedAt"] if run["state"] in _RUN_STATES else None
    return {
        "id": run["id"],
        "state": run["state"],
        "started": told(run["createdAt"]),
        "seconds": seconds_between(run["createdAt"], ended),
        "reason": run.get("stateDetails", ""),
    }
