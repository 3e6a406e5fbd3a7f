"""The steps around the approval: register the challenger that won, then let it serve.

Between the gate and the deployment may lie days of waiting for a person, and other runs. So the
last step before the deployment asks again who serves: a victory counts against that model only.
"""

from collections.abc import Mapping
from typing import Any

from pipeline import aws
from pipeline.delivery.exports import Exports
from pipeline.delivery.gate import read_report
from pipeline.delivery.settings import NOTHING, Told
from pipeline.errors import StillRefusedError
from pipeline.orchestration import registry
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.serving import served

LINEAGE = {
    "reason": "REASON",
    "data_version": "DATA_VERSION",
    "window_first": "WINDOW_FIRST",
    "window_until": "WINDOW_UNTIL",
    "code_version": "CODE_VERSION",
    "source_version": "SOURCE_VERSION",
    "execution": "EXECUTION",
    "champion": "CHAMPION",
    "gate_report": "GATE_REPORT",
}
"""Property of a version: where the run tells it."""


def register(run: Run, told: Told, show: Show) -> Exports:
    """The version of the challenger, waiting for its approval unless it has it already."""
    job = aws.client("sagemaker").describe_training_job(TrainingJobName=told.of("TRAINING_JOB"))
    report = told.of("GATE_REPORT")
    known = {} if report == NOTHING else read_report(report)
    version = registry.register(
        run,
        job,
        "PendingManualApproval",
        {**{name: told.of(variable) for name, variable in LINEAGE.items()}, **scores(known)},
        "" if report == NOTHING else report,
    )
    show.say(f"version {version.number} of {run.output('ModelPackageGroupName')}: {version.status}")
    return {
        "MODEL_PACKAGE_ARN": version.arn,
        "MODEL_VERSION": str(version.number),
        "MODEL_DATA_URL": version.archive,
    }


def scores(report: Mapping[str, Any]) -> dict[str, str]:
    """The gate's numbers in a few properties."""
    challenger, champion = report.get("challenger") or {}, report.get("champion") or {}
    told = {"mlflow_run_id": challenger.get("mlflow_run_id") or ""}
    for name, of_model in (("gate", challenger), ("champion", champion)):
        for score in ("auc", "brier", "calibration"):
            if of_model.get(score) is not None:
                told[f"{name}_{score}"] = f"{of_model[score]:.6g}"
    return told


def approve(run: Run, told: Told, show: Show) -> Exports:
    """Let the version serve, if who serves is still the champion that it has beaten.

    Raises:
        StillRefusedError: another model serves by now.
    """
    version = registry.read(told.of("MODEL_PACKAGE_ARN"))
    now = served(run.output("EndpointName"), run.settings.stage_seconds)
    champion = now.archive if now else NOTHING
    if champion not in {told.of("CHAMPION"), version.archive}:
        raise StillRefusedError(
            f"Version {version.number} has beaten {told.of('CHAMPION')}, but {champion} serves by"
            " now: start the pipeline again."
        )
    if version.status != "Approved":
        registry.approve(version, told.of("VERDICT"))
    show.say(f"version {version.number} is approved")
    return {}
