"""UpdateEndpoint with a RollingUpdatePolicy: a batch of new servers joins, bakes, and as many old
ones end; going back starts the old ones again, in batches too.
"""

from dataclasses import replace

from localstack.runtime.events import infra_stopping

from emulation.services.sagemaker.deployments import ServingVariant
from emulation.services.sagemaker.endpoint_events import enter
from emulation.services.sagemaker.guardrails import batches
from emulation.services.sagemaker.launching import DeploymentError, grow
from emulation.services.sagemaker.rollout import EmulatorEndsError, Rollout, finish, roll_back


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
    start_batch(rollout, names)
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


def start_batch(rollout: Rollout, names: list[str]) -> None:
    """More new servers; the first of them are a deployment of the whole variant."""
    (variant,) = rollout.variants
    if rollout.green is not None:
        grow(rollout.scope, rollout.endpoint.name, rollout.green.serving[0], names)
        return
    first = replace(variant, instances=names)
    rollout.start_green([first]).serving[0].variant = variant


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
    """Start the old servers that have ended, then give them all traffic again; where that fails,
    old and new serve together.
    """
    if infra_stopping.is_set():
        raise EmulatorEndsError
    enter(rollout.scope, rollout.endpoint, "RollingBack", reason)
    try:
        for serving in old_serving(rollout):
            start_again(rollout, serving)
    except DeploymentError as error:
        stay_mixed(rollout, f"{reason} The rollback failed: {error}")
    else:
        roll_back(rollout, reason)


def stay_mixed(rollout: Rollout, reason: str) -> None:
    """Old and new servers share the traffic until the next update."""
    if infra_stopping.is_set():
        raise EmulatorEndsError
    for serving in old_serving(rollout):
        rollout.shift(1 - serving.variant.count / len(serving.variant.instances))
        serving.variant.status = None
    rollout.endpoint.pending = None
    enter(rollout.scope, rollout.endpoint, "UpdateRollbackFailed", reason)


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
