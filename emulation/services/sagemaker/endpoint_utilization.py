"""How much of a processor and of the memory an endpoint's servers use, told once a minute."""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Iterator

import psutil

from emulation.services.metrics import METER, Metric, Source
from emulation.services.sagemaker import traffic
from emulation.services.sagemaker.deployments import ServingVariant

NAMESPACE = "/aws/sagemaker/Endpoints"
INTERVAL_SECONDS = 60.0

CPU = Metric("CPUUtilization", "Percent")
"""Of one core: four busy cores are 400."""
MEMORY = Metric("MemoryUtilization", "Percent")


class Sampler:
    """Looks at every server that runs; its thread starts with the first endpoint."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = False
        self._processes: dict[int, psutil.Process] = {}
        """Those of the last look: a use of the processor is one between two looks."""

    def start(self) -> None:
        """Begin, in the background; calling it again does nothing more."""
        with self._lock:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="utilization", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.look()
            time.sleep(INTERVAL_SECONDS)

    def look(self) -> None:
        """Tell what all endpoints have used since the last look."""
        seen: dict[int, psutil.Process] = {}
        for (account, region, endpoint), router in list(traffic.ACTIVE.items()):
            for serving in (item for one in router.deployments for item in one.serving):
                names = (("EndpointName", endpoint), ("VariantName", serving.variant.name))
                source = Source(account, region, NAMESPACE, names)
                for pid in pids(serving):
                    used = self._used(pid, seen)
                    if used:
                        METER.count(source, used)
        self._processes = seen

    def _used(self, pid: int, seen: dict[int, psutil.Process]) -> dict[Metric, float]:
        """By a server and what it has started; nothing when it has ended or is new."""
        used: dict[Metric, float] = defaultdict(float)
        known = pid in self._processes
        for member in family(pid):
            process = seen[member.pid] = self._processes.get(member.pid, member)
            with contextlib.suppress(psutil.Error):
                used[CPU] += process.cpu_percent()
                used[MEMORY] += process.memory_percent()
        return {metric: round(value, 2) for metric, value in used.items()} if known else {}


def pids(serving: ServingVariant) -> Iterator[int]:
    """The servers' processes."""
    return (server.pid for server in serving.fleet.servers if server.pid is not None)


def family(pid: int) -> list[psutil.Process]:
    """A process and its descendants; none when it has ended."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


SAMPLER = Sampler()
"""The emulator's one sampler."""
