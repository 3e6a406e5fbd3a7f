"""The pages of a run: Spark's own while its driver runs, those of Spark's history server after.

The history server is started when somebody asks, and ends half an hour after the last one did. What
has no page is refused by name: a streaming run that is over leaves no event log.
"""

from emulation.compute.spark_submit.history import HistoryServer, answers
from emulation.services.emr_serverless import errors
from emulation.services.emr_serverless.attempts import history_folder
from emulation.services.emr_serverless.store import ENDED, Attempt, JobRun
from emulation.settings import settings, system_environment

HISTORY = HistoryServer()


def url(run: JobRun, attempt: Attempt) -> str:
    """Where a browser finds the pages of an attempt.

    Raises:
        NotImplementedError: there are none. CommonServiceException: ValidationException, not yet.
    """
    if attempt.state not in ENDED:
        return _live(run, attempt)
    name = run.identifier if attempt.number == 1 else f"{run.identifier}-{attempt.number}"
    if not any(history_folder().glob(f"*{name}")):
        raise errors.not_emulated("GetDashboardForJobRun", "a run that left no event log")
    home = HISTORY.start(
        history_folder(), settings().folder("emr_serverless", "pages"), system_environment()
    )
    HISTORY.wait_for(name)
    return f"{home}/history/{name}/jobs/"


def _live(run: JobRun, attempt: Attempt) -> str:
    if attempt.ui_port and answers(attempt.ui_port, "/api/v1/applications"):
        return f"http://127.0.0.1:{attempt.ui_port}/jobs/"
    raise errors.invalid(
        f"The dashboard of job run {run.identifier} is available once its driver is running"
    )
