"""The operator's own trainings become versions too, until there is a delivery.

A version of the delivery pipeline has won against what served before it: `up` again, or `deploy`,
must neither bring an older one back nor put one beside it that nobody has judged.
"""

from pipeline.deploy.plan import describe_stack
from pipeline.orchestration import registry
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.serving import Served, served
from pipeline.orchestration.training import MODEL_DATA, describe, train

PACKAGE, VERSION = "ModelPackageArn", "ModelVersion"
"""The serving stack's parameters beside the archive."""


DELIVERY = "delivery"
"""The stack that decides what serves, once it is there."""


def train_first(run: Run, show: Show) -> str:
    """Train, unless the delivery does."""
    if model := delivered(run):
        return f"left to the delivery, whose version {model.version} serves"
    return train(run, show)


def delivered(run: Run) -> Served | None:
    """What serves where there is a delivery."""
    if describe_stack(run.deployer.stack_name(DELIVERY)) is None:
        return None
    return now_served(run)


def release(run: Run, show: Show) -> str:
    """Register what was trained, approved by whoever runs this; the newer of it and what serves is
    to serve.
    """
    if model := delivered(run):
        to_serve(run, model)
        return f"version {model.version} serves and stays"
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
