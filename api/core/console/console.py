"""Everything that the console shows, topic by topic.

A topic that cannot be read says why, and takes nothing with it. Topics are read at their own pace:
stages and predictions move, jobs and alarms change now and then, who serves hardly ever.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from api.core.archive import Archive
from api.core.clock import now, told
from api.core.console.alarms import read_alarms
from api.core.console.logs import last_lines
from api.core.console.place import read_place
from api.core.console.quality import Quality
from api.core.console.query import Queries
from api.core.console.rates import Rates
from api.core.console.truth import Truth
from api.core.console.work import Work, logs_of
from api.core.deployment import Clients, Deployment, is_deployed
from api.core.pipeline import Glance, Pipeline
from api.core.reading import NEVER, Reading, Readings
from api.settings import ApiSettings

SLOWER, HARDLY_EVER = 3, 30
"""How many times as long as a stage these are kept."""

COUNTS = {
    "stream": "records",
    "ingest": "invocations",
    "raw": "objects",
    "warehouse": "rows",
    "endpoint": "invocations",
    "workers": "scored",
    "gateway": "requests",
    "rolling": "settled",
}
"""The figure of a stage that grows while the stage works."""


class Console:
    """Reads the topics; `where` says which AWS this is."""

    def __init__(
        self,
        clients: Clients,
        settings: ApiSettings,
        archive: Archive,
        pipeline: Pipeline,
        where: dict[str, str],
    ) -> None:
        self._clients = clients
        self._settings = settings
        self._archive = archive
        self._pipeline = pipeline
        self._where = where
        self._rates = Rates()
        self.queries = Queries(clients, pipeline.deployment, switched_on=settings.query_box)
        quality, work, truth = Quality(clients), Work(clients), Truth(clients, archive)
        fresh = settings.fresh_seconds
        self._readings = (
            Readings({"truth": self._with_deployment(truth.read)}, fresh),
            Readings(
                {
                    "quality": self._with_deployment(quality.read),
                    "work": self._with_deployment(work.read),
                    "alarms": lambda: read_alarms(clients, settings.pipeline_name),
                },
                SLOWER * fresh,
            ),
            Readings({"place": lambda: read_place(self._endpoint())}, HARDLY_EVER * fresh),
        )

    def read(self) -> dict[str, Any]:
        """Every topic, within the patience of the settings."""
        patience = self._settings.patience_seconds
        glance = self._pipeline.stages()
        parts = {"pipeline": {**self.overview(glance), "rates": self._grown(glance)}}
        if not glance.deployment.failed:
            for readings in self._readings:
                parts |= {name: _part(read) for name, read in readings.latest(patience).items()}
        return {**parts, "read": {"at": told(now())}}

    def overview(self, glance: Glance) -> dict[str, Any]:
        """The pipeline, its stacks and its stages."""
        deployment = glance.deployment
        stacks = [asdict(stack) for stack in deployment.value.stacks] if deployment.value else []
        mlflow = self._settings.mlflow_url
        return {
            "name": self._settings.pipeline_name,
            **self._where,
            "links": {"mlflow": mlflow} if mlflow.startswith("http") else {},
            # What is being read for the first time has not failed.
            "reachable": deployment is NEVER or not deployment.failed,
            "reason": deployment.reason,
            "deployed": is_deployed(stacks),
            "stacks": stacks,
            "stages": {name: asdict(stage) for name, stage in glance.stages.items()},
            "unrecorded": self._archive.unrecorded,
            "query_box_off": self.queries.off,
        }

    def log(self, kind: str, name: str) -> list[dict[str, Any]] | None:
        """The last lines of a job that is shown; None for a log that is nobody's here.

        Only shown jobs: the console is no way into every log of an account.
        """
        reading = self._readings[1].latest(self._settings.patience_seconds, ("work",))["work"]
        if reading.value is None or (kind, name) not in logs_of(reading.value):
            return None
        return last_lines(self._clients, kind, name)

    def close(self) -> None:
        """Stop looking."""
        for readings in self._readings:
            readings.close()

    def _grown(self, glance: Glance) -> dict[str, dict[str, object]]:
        for name, key in COUNTS.items():
            if name not in glance.stages:
                continue
            for figure in glance.stages[name].figures:
                if figure.key == key:
                    self._rates.note(name, glance.read_at[name], figure.value)
        return self._rates.told()

    def _with_deployment(self, read: Callable[[Deployment], Any]) -> Callable[[], Any]:
        return lambda: read(self._pipeline.deployment())

    def _endpoint(self) -> str | None:
        named = self._where["aws"]
        return named if named.startswith("http") else None


def _part(reading: Reading) -> dict[str, Any]:
    return {"value": reading.value, "reason": reading.reason}
