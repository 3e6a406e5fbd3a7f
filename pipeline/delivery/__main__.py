"""`python -m pipeline.delivery STEP`: one step of the delivery, as a build of the pipeline runs it.

Every step may run again: it finds what an earlier attempt has left.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.config import settings
from pipeline.delivery import baseline, data, exports, gate, package, release, smoke, train
from pipeline.delivery.exports import Exports
from pipeline.delivery.settings import Told
from pipeline.deploy.execute import Deployer
from pipeline.deploy.stacks import STACKS
from pipeline.errors import PipelineError, UnreachableError
from pipeline.orchestration.display import console, show_error
from pipeline.orchestration.run import Run, Show
from pipeline.orchestration.runner import sentence_of

Step = Callable[[Run, Told, Show], Exports]

STEPS: Mapping[str, Step] = {
    "package": package.package,
    "data": data.prepare,
    "train": train.train,
    "gate": gate.judge,
    "register": release.register,
    "approve": release.approve,
    "smoke": smoke.smoke,
    "baseline": baseline.write,
}
"""In the order of the pipeline."""


class BuildLog:
    """A step in the log of its build: each sentence once."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, text: str) -> None:
        """What the step does just now."""
        if text != self._last:
            console.print(text, markup=False, soft_wrap=True)
        self._last = text

    def count(self, done: int, total: int) -> None:
        """How much of its work is done."""
        self.say(f"{done:,} of {total:,}")


def perform(name: str) -> Exports:
    """Do a step; what it exports."""
    config = settings()
    # What the operator chose is in the stacks; a build knows none of it.
    run = Run(config, config.days, Deployer(config.name, config.stack_seconds))
    run.deployer.learn(*STACKS)
    found = STEPS[name](run, Told.by_environment(), BuildLog())
    for key, value in found.items():
        console.print(f"{key}={value}", markup=False, soft_wrap=True)
    return found


def main(arguments: Sequence[str]) -> int:
    """Run a step; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.delivery", description=__doc__)
    parser.add_argument("step", choices=[*STEPS])
    try:
        exports.leave(perform(parser.parse_args(arguments).step))
    except PipelineError as error:
        show_error(error)
        return 1
    except (ClientError, BotoCoreError) as error:
        show_error(UnreachableError(sentence_of(error)))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
