"""CloudWatch metrics of what tasks use: CPUUtilization and MemoryUtilization, in percent of what
their definitions reserve, by service and by cluster.
"""

import time

from emulation.compute.tasks.samples import SAMPLER
from emulation.services.ecs.live import LIVE, LiveTask
from emulation.services.ecs.store import Task
from emulation.services.metrics import METER, Metric, Source

NAMESPACE = "AWS/ECS"
PROCESSOR = Metric("CPUUtilization", "Percent")
MEMORY = Metric("MemoryUtilization", "Percent")
SECONDS = 5.0
UNITS = 1024


class Usage:
    """Measures now and then what is used since the last time."""

    def __init__(self) -> None:
        self._last = 0.0
        self._before: dict[str, tuple[float, float]] = {}
        """By task's ARN: when, and how many processor seconds until then."""

    def sampled(self) -> None:
        """New samples are there."""
        now = time.time()
        if now - self._last < SECONDS:
            return
        self._last = now
        tasks = list(LIVE.values())
        for task in tasks:
            self._measure(task, now)
        arns = {task.task.arn for task in tasks}
        self._before = {arn: found for arn, found in self._before.items() if arn in arns}

    def _measure(self, live: LiveTask, now: float) -> None:
        if live.watched is None:
            return
        usages = list(live.watched.usages.values())
        used = sum(usage.processor_seconds for usage in usages)
        memory = sum(usage.memory for usage in usages)
        then, used_then = self._before.get(live.task.arn, (0.0, 0.0))
        self._before[live.task.arn] = (now, used)
        if then:
            reserved = int(live.task.members["cpu"]) / UNITS * (now - then)
            limit = int(live.task.members["memory"]) * 2**20
            put(live.task, 100 * max(0.0, used - used_then) / reserved, 100 * memory / limit)


def put(task: Task, processor: float, memory: float) -> None:
    """Of the task's cluster, and of its service."""
    values = {PROCESSOR: round(processor, 3), MEMORY: round(memory, 3)}
    cluster = ("ClusterName", task.cluster)
    places = [(cluster,), (cluster, ("ServiceName", task.service))]
    for dimensions in places if task.service else places[:1]:
        METER.count(Source(task.account, task.region, NAMESPACE, dimensions), values)


USAGE = Usage()


def start() -> None:
    """Measure whenever there are samples."""
    SAMPLER.on_sample = USAGE.sampled
