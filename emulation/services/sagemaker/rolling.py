"""UpdateEndpoint with a RollingUpdatePolicy: a batch of new servers joins, bakes, and as many old
ones end; going back starts the old ones again, in batches too.
"""

from emulation.services.sagemaker.deployments import Deployment, ServingVariant
from emulation.services.sagemaker.endpoint_events import enter
from emulation.services.sagemaker.guardrails import batches
from emulation.services.sagemaker.launching import DeploymentError, grow
from emulation.services.sagemaker.rollout import Rollout, finish, roll_back, start_green


def deploy(rollout: Rollout) -> None:
    """Batch after batch; one variant, as the API demands."""
    try:
        rollout.watch()
        for batch in batches(rollout.policy.size, rollout.size):
            take_batch(rollout, batch)
    except DeploymentError as error:
        go_back(rollout, str(error))
    else:
        finish(rollout)


def take_batch(rollout: Rollout, batch: int) -> None:
    """Start some new servers, give them their part of the traffic, watch, end as many old ones."""
    (variant,) = rollout.variants
    have = 0 if rollout.green is None else len(rollout.green.serving[0].instances)
    names = variant.instances[have : have + batch]
    variant.count = have
    variant.enter("Creating", f"Launching {batch} instance(s).")
    if rollout.green is None:
        rollout.green = start_first(rollout, names)
    else:
        grow(rollout.scope, rollout.endpoint.name, rollout.green.serving[0], names)
    part = (have + batch) / len(variant.instances)
    rollout.shift(part)
    seconds = rollout.policy.wait
    rollout.say(rollout.variants, "ActivatingTraffic", "Activating traffic on {} instance(s).")
    rollout.say(
        rollout.variants,
        "Baking",
        f"Baking for {seconds} seconds (WaitIntervalInSeconds) with traffic enabled on {{}}"
        " instance(s).",
    )
    rollout.bake(seconds)
    if part < 1:
        release(rollout, part)


def start_first(rollout: Rollout, names: list[str]) -> Deployment:
    """The first batch: a deployment of the whole variant with some of its servers."""
    (variant,) = rollout.variants
    whole, variant.instances = variant.instances, names
    try:
        return start_green(rollout, rollout.variants)
    finally:
        variant.instances = whole


def release(rollout: Rollout, part: float) -> None:
    """Old servers end, as many as the new ones stand for; one stays while it has traffic."""
    for serving in old_serving(rollout):
        names = serving.variant.instances
        keep = max(1, round(len(names) * (1 - part)))
        gone = [name for name in names[keep:] if name in serving.instances]
        serving.variant.count = keep
        rollout.say([serving.variant], "Deleting", f"Terminating {len(gone)} instance(s).")
        serving.shrink(gone)
        serving.variant.status = None


def old_serving(rollout: Rollout) -> list[ServingVariant]:
    """The old servers."""
    return [serving for old in rollout.old for serving in old.deployment.serving]


def go_back(rollout: Rollout, reason: str) -> None:
    """Start the old servers that have ended, then give them all traffic again."""
    enter(rollout.scope, rollout.endpoint, "RollingBack", reason)
    try:
        for serving in old_serving(rollout):
            start_again(rollout, serving)
    except DeploymentError as error:
        rollout.endpoint.pending = None
        mixed = f"{reason} The rollback failed: {error}"
        enter(rollout.scope, rollout.endpoint, "UpdateRollbackFailed", mixed)
        return
    roll_back(rollout, reason)


def start_again(rollout: Rollout, serving: ServingVariant) -> None:
    """The old servers of a variant, batch by batch; each takes its part of the traffic at once."""
    variant = serving.variant
    missing = [name for name in variant.instances if name not in serving.instances]
    for batch in batches(rollout.policy.rollback_size, len(variant.instances)):
        names, missing = missing[:batch], missing[batch:]
        if not names:
            return
        variant.enter("Creating", f"Launching {len(names)} instance(s).")
        grow(rollout.scope, rollout.endpoint.name, serving, names)
        variant.count = len(serving.instances)
        rollout.shift(1 - variant.count / len(variant.instances))
        variant.status = None
