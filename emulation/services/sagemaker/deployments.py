"""The servers of an endpoint: a deployment has a fleet for each variant, and ends in order."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from emulation.compute.container_contract import ContainerFolder
from emulation.compute.serving import Fleet
from emulation.services.log_events import LogStream
from emulation.services.sagemaker.capture import Recorder
from emulation.services.sagemaker.endpoint_metrics import Tally
from emulation.services.sagemaker.store import Variant


@dataclass(frozen=True, slots=True)
class Instance:
    """What one server has of its own."""

    folder: ContainerFolder
    log: LogStream

    def end(self) -> None:
        """Its server has ended: free the disk."""
        self.log.close()
        self.folder.remove()


@dataclass(eq=False)
class ServingVariant:
    """A variant and the servers that answer for it."""

    variant: Variant
    tally: Tally
    recorder: Recorder | None = None
    fleet: Fleet = field(default_factory=lambda: Fleet([]))
    instances: dict[str, Instance] = field(default_factory=dict)
    """By their names, which are their servers' too."""

    def shrink(self, names: Collection[str]) -> None:
        """Some servers answer what they have and end."""
        self.fleet.shrink(names)
        for name in names:
            self.instances.pop(name).end()

    def end(self) -> None:
        """Answer what is under way, then stop and free the disk."""
        self.fleet.drain()
        self.fleet.stop()
        if self.recorder is not None:
            self.recorder.close()
        for instance in self.instances.values():
            instance.end()


@dataclass(eq=False)
class Deployment:
    """Everything that one endpoint configuration has running for an endpoint."""

    serving: list[ServingVariant]

    @property
    def weight(self) -> float:
        """The sum of the variants' weights."""
        return sum(serving.variant.weight for serving in self.serving)

    @property
    def variants(self) -> list[Variant]:
        """The variants."""
        return [serving.variant for serving in self.serving]

    def end(self) -> None:
        """End all variants at the same time."""
        with ThreadPoolExecutor(max(1, len(self.serving))) as pool:
            list(pool.map(ServingVariant.end, self.serving))
