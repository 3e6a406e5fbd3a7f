"""What the templates tell the handlers through their environment."""

import os
from dataclasses import dataclass, field


def _variable(name: str) -> str:
    return field(default_factory=lambda: os.environ[name])


@dataclass(frozen=True)
class IngestSettings:
    """Where events go, and where what is no event goes."""

    lake_bucket: str = _variable("LAKE_BUCKET")
    poison_queue_url: str = _variable("POISON_QUEUE_URL")
