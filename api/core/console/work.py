"""Everything that runs for a while: jobs of Glue and of EMR, training, processing, builds, and the
delivery.

Each kind is read by itself: one service that does not answer is named and takes nothing with it.
What has a log says under which kind and id it is kept; only those logs can be asked for.
"""

from collections.abc import Callable, Iterator
from typing import Any

from api.core.clock import seconds_between, told
from api.core.deployment import Clients, Deployment
from api.core.reading import attempt

SHOWN = 6
RUNS, MOST_ACTIONS = 5, 100
RUNNING = {"InProgress", "Stopping"}
BUILDS = ("BuildProject", "ImageProject")
"""How the outputs are called that name a project of CodeBuild."""
STREAM_ENDED = {"SUCCESS", "FAILED", "CANCELLED"}

Item = dict[str, Any]


class Work:
    """Reads jobs and runs; the actions of a run that has ended are remembered."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._actions: dict[tuple[str, Any], list[Item]] = {}

    def read(self, deployment: Deployment) -> dict[str, Any]:
        """Jobs, the newest first, and the delivery's runs with their actions."""
        outputs = deployment.outputs
        readers: dict[str, Callable[[], Any]] = {
            "Glue": lambda: list(_glue(self._clients, outputs.get("FlightFeaturesJobName"))),
            "Training": lambda: list(_training(self._clients, outputs.get("TrainingJobPrefix"))),
            "Processing": lambda: list(
                _processing(self._clients, outputs.get("TrainingJobPrefix"))
            ),
            "EMR Serverless": lambda: list(
                _streaming(
                    self._clients,
                    outputs.get("StreamApplicationId"),
                    outputs.get("StreamLogGroup", ""),
                )
            ),
            "CodeBuild": lambda: [
                build
                for key, project in outputs.items()
                if key.endswith(BUILDS)
                for build in _builds(self._clients, project)
            ],
            "CodePipeline": lambda: list(self._runs(outputs.get("DeliveryPipelineName"))),
        }
        found = {name: attempt(read) for name, read in readers.items()}
        runs = found.pop("CodePipeline")
        jobs = [job for listed, _ in found.values() for job in listed or ()]
        return {
            "jobs": sorted(jobs, key=lambda job: job["started"] or "", reverse=True),
            "runs": runs[0] or [],
            "unread": {
                name: reason
                for name, (_, reason) in {**found, "CodePipeline": runs}.items()
                if reason
            },
        }

    def _runs(self, name: str | None) -> Iterator[Item]:
        if name is None:
            return
        codepipeline = self._clients("codepipeline")
        listed = codepipeline.list_pipeline_executions(pipelineName=name, maxResults=RUNS)
        for run in listed["pipelineExecutionSummaries"]:
            running = run["status"] in RUNNING
            yield {
                "id": run["pipelineExecutionId"],
                "state": run["status"],
                "started": told(run["startTime"]),
                "seconds": seconds_between(
                    run["startTime"], None if running else run["lastUpdateTime"]
                ),
                "reason": run.get("trigger", {}).get("triggerType", ""),
                "actions": self._of_run(codepipeline, name, run),
            }

    def _of_run(self, codepipeline: Any, name: str, run: Item) -> list[Item]:
        # A failed stage may be retried: the run is the same, its last update is not.
        key = (run["pipelineExecutionId"], run["lastUpdateTime"])
        if key in self._actions:
            return self._actions[key]
        listed = codepipeline.list_action_executions(
            pipelineName=name,
            filter={"pipelineExecutionId": run["pipelineExecutionId"]},
            maxResults=MOST_ACTIONS,
        )["actionExecutionDetails"]
        actions = [_action(item) for item in listed[::-1]]
        if run["status"] not in RUNNING:
            self._actions[key] = actions
        return actions


def logs_of(work: dict[str, Any]) -> set[tuple[str, str]]:
    """Kind and id of every log that is named."""
    actions = [action for run in work["runs"] for action in run["actions"]]
    return {
        (item["log"]["kind"], item["log"]["id"])
        for item in (*work["jobs"], *actions)
        if item["log"] is not None
    }


def _action(item: Item) -> Item:
    asked = item.get("input", {})
    result = item.get("output", {}).get("executionResult", {})
    running = item["status"] == "InProgress"
    return {
        "stage": item["stageName"],
        "name": item["actionName"],
        "state": item["status"],
        "started": told(item["startTime"]),
        "seconds": seconds_between(item["startTime"], None if running else item["lastUpdateTime"]),
        "reason": result.get("errorDetails", {}).get("message")
        or result.get("externalExecutionSummary", ""),
        "log": _log_of_action(
            asked.get("actionTypeId", {}).get("provider"),
            asked.get("configuration", {}),
            result.get("externalExecutionId"),
        ),
    }


def _log_of_action(
    provider: str | None, configuration: dict[str, str], execution: str | None
) -> Item | None:
    if provider == "CodeBuild" and execution:
        return {"kind": "build", "id": execution}
    if provider == "Lambda" and "FunctionName" in configuration:
        return {"kind": "function", "id": configuration["FunctionName"]}
    return None


def _job(kind: str, name: str, state: str, log: Item, times: tuple[Any, Any], reason: Any) -> Item:
    started, ended = times
    return {
        "kind": kind,
        "name": name,
        "state": state,
        "started": told(started),
        "seconds": seconds_between(started, ended),
        "reason": reason or "",
        "log": log,
    }


def _glue(clients: Clients, name: str | None) -> Iterator[Item]:
    if name is None:
        return
    for run in clients("glue").get_job_runs(JobName=name, MaxResults=SHOWN)["JobRuns"]:
        times = (run["StartedOn"], run.get("CompletedOn"))
        log = {"kind": "glue", "id": run["Id"]}
        yield _job("Glue job", name, run["JobRunState"], log, times, run.get("ErrorMessage"))


def _streaming(clients: Clients, application: str | None, group: str) -> Iterator[Item]:
    if application is None:
        return
    listed = clients("emr-serverless").list_job_runs(applicationId=application, maxResults=SHOWN)
    for run in listed["jobRuns"]:
        ended = run["updatedAt"] if run["state"] in STREAM_ENDED else None
        log = {"kind": "stream", "id": f"{group}:applications/{application}/jobs/{run['id']}"}
        reason = run.get("stateDetails") if run["state"] == "FAILED" else ""
        name = run.get("name") or run["id"]
        yield _job("EMR job", name, run["state"], log, (run["createdAt"], ended), reason)


def _training(clients: Clients, prefix: str | None) -> Iterator[Item]:
    if prefix is None:
        return
    listed = clients("sagemaker").list_training_jobs(
        NameContains=prefix, SortBy="CreationTime", SortOrder="Descending", MaxResults=SHOWN
    )
    for job in listed["TrainingJobSummaries"]:
        name, state = job["TrainingJobName"], job["TrainingJobStatus"]
        times = (job["CreationTime"], job.get("TrainingEndTime"))
        yield _job("Training", name, state, {"kind": "training", "id": name}, times, "")


def _processing(clients: Clients, prefix: str | None) -> Iterator[Item]:
    if prefix is None:
        return
    listed = clients("sagemaker").list_processing_jobs(
        NameContains=prefix, SortBy="CreationTime", SortOrder="Descending", MaxResults=SHOWN
    )
    for job in listed["ProcessingJobSummaries"]:
        name, state = job["ProcessingJobName"], job["ProcessingJobStatus"]
        times = (job["CreationTime"], job.get("ProcessingEndTime"))
        reason = job.get("FailureReason") or job.get("ExitMessage")
        yield _job("Processing", name, state, {"kind": "processing", "id": name}, times, reason)


def _builds(clients: Clients, project: str) -> Iterator[Item]:
    codebuild = clients("codebuild")
    ids = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
    if not ids:
        return
    for build in codebuild.batch_get_builds(ids=ids[:SHOWN])["builds"]:
        times = (build["startTime"], build.get("endTime"))
        failed = [
            context["message"]
            for phase in build.get("phases", ())
            if phase.get("phaseStatus") not in {None, "SUCCEEDED"}
            for context in phase.get("contexts", ())
            if context.get("message")
        ]
        log = {"kind": "build", "id": build["id"]}
        yield _job("Build", project, build["buildStatus"], log, times, "; ".join(failed))
