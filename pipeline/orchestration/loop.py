"""The loop around the model that serves: its stacks, and what is usual for this model.

From here on nobody is needed: flights that the Spark job has processed are scored, each window of
event time is looked at, and what is found starts the delivery.
"""

from pipeline.contracts.monitoring import service_key
from pipeline.delivery import baseline
from pipeline.delivery.settings import Told
from pipeline.deploy import source
from pipeline.errors import SettingError
from pipeline.orchestration.objects import read_json
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.serving import Served, served

STACKS = ("deployment", "delivery", "monitoring")


def close_loop(run: Run, show: Show) -> str:
    """Deploy what monitors, retrains and delivers; a new delivery runs once by itself."""
    source.upload(run.output("ArtifactsBucket"), source.Source())
    deployed = [run.deployer.deploy(stack, show.say) for stack in STACKS]
    return ", ".join(f"{item.plan.stack} {item.plan.past}" for item in deployed)


def watch(run: Run, show: Show) -> str:
    """Write the baseline of the version that serves, unless the monitor knows it."""
    model = serving(run)
    key = service_key(run.output("EndpointName"))
    known = read_json(run.output("LakeBucket"), key)
    if known is None or known["model_version"] != str(model.version):
        told = {"MODEL_VERSION": str(model.version), "MODEL_DATA_URL": model.archive}
        baseline.write(run, Told(told), show)
        known = read_json(run.output("LakeBucket"), key) or {}
    return f"version {model.version} is watched from {known.get('scored_from')} on"


def serving(run: Run) -> Served:
    """The registered model that serves.

    Raises:
        SettingError: there is none.
    """
    model = served(run.output("EndpointName"), run.settings.stage_seconds)
    if model is None or not model.package:
        raise SettingError("No registered model serves: run `python -m pipeline up` first.")
    return model
