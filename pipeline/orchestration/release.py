"""The operator's own trainings become versions too, and what serves stays unless one is newer.

A version of the delivery pipeline has won against what served before it: `up` again, or `deploy`,
must not bring an older one back.
"""

from pipeline.orchestration import registry
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.serving import Served, served
from pipeline.orchestration.training import MODEL_DATA, describe

PACKAGE, VERSION = "ModelPackageArn", "ModelVersion"
"""The serving stack's parameters beside the archive."""


def release(run: Run, show: Show) -> str:
    """Register what was trained, approved by whoever runs this; the newer of it and what serves is
    to serve.
    """
    show.say("registering the model")
    job = describe(run.learned["training_job"])
    made = registry.register(run, job, "Approved", {"reason": "operator"})
    now = now_served(run)
    if now and now.version > made.number:
        to_serve(run, now)
        return f"version {made.number} is registered, version {now.version} serves and stays"
    to_serve(run, Served(made.archive, made.arn))
    return f"version {made.number} of {run.output('ModelPackageGroupName')}"


def know_model(run: Run) -> None:
    """Tell the deployer what is to serve: what does, else the newest approved version, if any."""
    if now := now_served(run):
        to_serve(run, now)
        return
    if group := run.deployer.known.get("ModelPackageGroupName"):
        approved = (item for item in registry.versions(group) if item.status == "Approved")
        for newest in approved:
            to_serve(run, Served(newest.archive, newest.arn))
            return


def now_served(run: Run) -> Served | None:
    """What serves; None before the endpoint is deployed."""
    endpoint = run.deployer.known.get("EndpointName")
    return served(endpoint, run.settings.stage_seconds) if endpoint else None


def to_serve(run: Run, model: Served) -> None:
    """Give the serving stack its model."""
    run.deployer.known[MODEL_DATA] = model.archive
    if model.package:
        run.deployer.known |= {PACKAGE: model.package, VERSION: str(model.version)}
