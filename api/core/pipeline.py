"""The whole pipeline at one glance: its stages, read from AWS at the same time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from api.core.archive import Archive
from api.core.deployment import Clients, Deployment, read_deployment
from api.core.reading import NEVER, Reading, Readings
from api.core.stages import (
    dashboards,
    delivery,
    gateway,
    lake,
    model,
    service,
    stream,
    workers,
)
from api.core.stages.monitor import Monitor
from api.core.stages.rolling import Rolling
from api.core.stages.stage import Stage, State
from api.core.stages.warehouse import Warehouse
from api.settings import ApiSettings

LAST_PREDICTIONS = 12


@dataclass(frozen=True, slots=True)
class Glance:
    """What is known now; a part that cannot be read says why and takes nothing else with it."""

    deployment: Reading
    stages: dict[str, Stage]
    read_at: dict[str, float]
    """When each stage was read, by a clock that only goes forward."""
    predictions: Reading = NEVER


class Pipeline:
    """Looks at the deployed pipeline through AWS's APIs."""

    def __init__(
        self,
        clients: Clients,
        settings: ApiSettings,
        archive: Archive,
        endpoint: str | None = None,
    ) -> None:
        """`endpoint` is the address that stands in for AWS; None is AWS."""
        self._clients = clients
        self._settings = settings
        self._deployments = Readings(
            {"deployment": lambda: read_deployment(clients, settings.pipeline_name)},
            settings.fresh_seconds,
        )
        warehouse = Warehouse(clients, settings.warehouse_seconds)
        watched, rolling = Monitor(clients), Rolling(clients)
        self._stages = Readings(
            {
                "stream": self._with_deployment(stream.read_stream),
                "ingest": self._with_deployment(stream.read_ingest),
                "raw": self._with_deployment(lake.read_raw),
                "features": self._with_deployment(lake.read_features),
                "processed": self._with_deployment(lake.read_processed),
                "warehouse": lambda: warehouse.read(self._deployment()),
                "training": self._with_deployment(model.read_training),
                "endpoint": self._with_deployment(model.read_endpoint),
                "monitor": lambda: watched.read(self._deployment()),
                "delivery": self._with_deployment(delivery.read_delivery),
                "workers": self._with_deployment(workers.read_workers),
                "rolling": lambda: rolling.read(self._deployment()),
                "service": self._with_deployment(service.read_service),
                "gateway": self._with_deployment(gateway.read_gateway),
                "dashboards": lambda: dashboards.read_dashboards(
                    clients, self._deployment(), endpoint
                ),
            },
            settings.fresh_seconds,
        )
        self._archived = Readings(
            {"predictions": lambda: archive.last(LAST_PREDICTIONS)}, settings.fresh_seconds
        )

    def glance(self) -> Glance:
        """Everything, within the patience of the settings."""
        stages = self.stages()
        if stages.deployment.failed:
            return replace(stages, predictions=stages.deployment)
        patience = self._settings.patience_seconds
        return replace(stages, predictions=self._archived.latest(patience)["predictions"])

    def stages(self) -> Glance:
        """Everything but the predictions."""
        patience = self._settings.patience_seconds
        deployment = self._deployments.latest(patience)["deployment"]
        if deployment.failed:
            return Glance(deployment, {}, {})
        stages = self._stages.latest(patience)
        return Glance(
            deployment,
            {name: _stage(reading) for name, reading in stages.items()},
            {name: reading.at for name, reading in stages.items()},
        )

    def endpoint(self) -> tuple[Reading, Stage]:
        """Only what a health check asks: looking at everything all day costs money on AWS."""
        patience = self._settings.patience_seconds
        deployment = self._deployments.latest(patience)["deployment"]
        if deployment.failed:
            return deployment, Stage(State.UNKNOWN, summary=deployment.reason)
        return deployment, _stage(self._stages.latest(patience, ("endpoint",))["endpoint"])

    def note_prediction(self) -> None:
        """There is a new one."""
        self._archived.forget()

    def deployment(self) -> Deployment:
        """What is deployed; nothing, when AWS does not tell."""
        return self._deployment()

    def close(self) -> None:
        """Stop looking."""
        for readings in (self._deployments, self._stages, self._archived):
            readings.close()

    def _deployment(self) -> Deployment:
        reading = self._deployments.latest(self._settings.patience_seconds)["deployment"]
        return reading.value or Deployment()

    def _with_deployment(self, read: Callable[[Clients, Deployment], Stage]) -> Callable[[], Any]:
        return lambda: read(self._clients, self._deployment())


def _stage(reading: Reading) -> Stage:
    if reading is NEVER:
        return Stage(State.READING, summary=reading.reason)
    if reading.failed:
        return Stage(State.UNKNOWN, summary=reading.reason)
    stage: Stage = reading.value
    return stage
