"""One run of the story: what its stages share, and how a stage says what it does.

Nothing about a run is kept on this machine. Each stage asks AWS whether its work is done for the
same inputs; what has no place of its own in AWS is a small object under `state/` in the artifacts
bucket, next to what it speaks of.
"""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

from pipeline import aws
from pipeline.config import Settings
from pipeline.deploy.execute import Deployer
from pipeline.errors import SettingError
from pipeline.listing import Listing as Listing
from pipeline.listing import digest as digest
from pipeline.listing import listing as listing
from pipeline.orchestration.objects import read_json
from pipeline.producers.tables import FIRST_DAY


class Show(Protocol):
    """Where a stage shows how far it is."""

    def say(self, text: str) -> None:
        """What the stage does just now."""

    def count(self, done: int, total: int) -> None:
        """How much of its work is done."""


@dataclass
class Run:
    """The inputs of a run, and what its stages learn of each other."""

    settings: Settings
    days: int
    deployer: Deployer
    learned: dict[str, str] = field(default_factory=dict)

    @property
    def test_from(self) -> date:
        """The day that training stops at: three quarters train, and a whole year splits at
        October.
        """
        return FIRST_DAY + timedelta(days=self.days * 3 // 4)

    def output(self, name: str) -> str:
        """An output of a deployed stack."""
        if name not in self.deployer.known:
            raise SettingError(
                f"{self.settings.name} is not deployed here ({name} is not known): run"
                " `python -m pipeline up` first, or set PIPELINE_NAME."
            )
        return self.deployer.known[name]


def read_state(run: Run, name: str) -> dict[str, Any]:
    """What an earlier run left in AWS under the name; empty when there was none."""
    return read_json(run.output("ArtifactsBucket"), f"state/{name}.json") or {}


def write_state(run: Run, name: str, state: dict[str, Any]) -> None:
    """Leave word for later runs."""
    aws.client("s3").put_object(
        Bucket=run.output("ArtifactsBucket"),
        Key=f"state/{name}.json",
        Body=json.dumps(state, indent=1).encode(),
    )
