"""One tree of what may go wrong, named by what the operator can do about it.

PipelineError
├── SettingError             change a setting
├── RefusedError             the operator said no
├── UnreachableError         start or reach the endpoint
├── BundleError              a file that a bundle needs is missing
├── StackFailedError         read the resource's reason, change the template or the account
├── StatementFailedError     change the SQL, or what it reads
├── JobFailedError           read the job's log
├── StillRefusedError        change the records, or the contract
├── BackupError              run it again, or restore another backup
├── LateError                something did not happen in time
└── StoppedError             nothing: it was asked for
"""

from collections.abc import Sequence


class PipelineError(Exception):
    """The sentence that the operator reads; `log_tail` is what the work itself said last."""

    def __init__(self, sentence: str, *, log_tail: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.log_tail = tuple(log_tail)


class SettingError(PipelineError):
    """A setting or argument that cannot work."""


class RefusedError(PipelineError):
    """The operator did not confirm."""


class UnreachableError(PipelineError):
    """Nobody answers where AWS should be."""


class BundleError(PipelineError):
    """What should be shipped is not complete."""


class StackFailedError(PipelineError):
    """CloudFormation could not bring a stack where its template wants it."""

    def __init__(self, stack: str, resource: str, reason: str) -> None:
        super().__init__(f"Stack {stack} failed at {resource}: {reason}")
        self.stack = stack
        self.resource = resource
        self.reason = reason


class StatementFailedError(PipelineError):
    """The warehouse could not run a statement."""


class JobFailedError(PipelineError):
    """A crawl, Glue job or training job ended in failure; `log_tail` has its last lines."""


class StillRefusedError(PipelineError):
    """Records that were set aside break the contract as before."""


class BackupError(PipelineError):
    """A backup is not there, not whole, or not what it was."""


class LateError(PipelineError):
    """A wait reached its deadline."""


class StoppedError(PipelineError):
    """A wait was ended from outside."""
