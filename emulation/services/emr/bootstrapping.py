"""Runs a cluster's bootstrap actions, one after the other, as its machine's first commands."""

import threading
from collections.abc import Callable

from emulation.compute.processes import Status
from emulation.compute.spark_submit.processes import exit_code
from emulation.services.emr.commands import ScriptNotFoundError, Work, fetch_script
from emulation.services.emr.store import Cluster, Members

POLL_SECONDS = 0.5


def run_all(cluster: Cluster, stopped: Callable[[], bool]) -> str:
    """Run them; why the cluster fails, when one did. `stopped` says that none matters any more."""
    actions = cluster.members.get("BootstrapActions") or []
    for number, action in enumerate(actions, start=1):
        if stopped():
            return ""
        if failed := _run(cluster, number, action, stopped):
            return failed
    return ""


def _run(cluster: Cluster, number: int, action: Members, stopped: Callable[[], bool]) -> str:
    script = action["ScriptBootstrapAction"]
    where = f"On the master instance ({cluster.master}),"
    place = f"node/{cluster.master}/bootstrap-actions/{number}"
    arguments = script.get("Args") or []
    work = Work.open(cluster, place, " ".join([script["Path"], *arguments]))
    ended = threading.Event()
    try:
        words = fetch_script(cluster, script["Path"], work.folder)
        process = work.start([*words, *arguments], {}, lambda _: ended.set())
    except (ScriptNotFoundError, OSError) as error:
        work.logs.errors(str(error))
        work.close(1)
        return f"{where} bootstrap action {number} failed to start: {error}"
    while not ended.wait(POLL_SECONDS):
        if stopped():
            process.kill()
    work.close(exit_code(process))
    if process.status() is Status.SUCCEEDED or stopped():
        return ""
    return f"{where} bootstrap action {number} returned a non-zero return code"
