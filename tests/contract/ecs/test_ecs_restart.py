import signal
from pathlib import Path

from tests.contract.ecs.conftest import Fargate, container

AWAY = """
import os, signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2000)", "MARK"],
                 start_new_session=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(1000)
"""


def alive(mark: str) -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path)
        except OSError:
            continue
    return found


def test_services_come_back_and_no_process_outlives_the_emulator(own_emulator, waiting, unique):
    fargate = Fargate(own_emulator.aws, unique, waiting)
    definition = fargate.define(container(AWAY.replace("MARK", unique)))
    fargate.serve(definition, desiredCount=1)
    single = fargate.run(definition)
    fargate.until(single, "RUNNING")
    waiting("the processes", lambda: len(alive(unique)) >= 4)
    fargate.steady()
    (kept,) = fargate.ecs.list_tasks(cluster=unique, serviceName="web")["taskArns"]
    own_emulator.end(signal.SIGKILL)
    waiting("the end of all processes", lambda: not alive(unique))
    own_emulator.start()
    lost = fargate.task(single)
    assert (lost["lastStatus"], lost["stopCode"]) == ("STOPPED", "TerminationNotice")
    assert lost["stoppedReason"] == "The emulator ended while the task ran."
    waiting("another task", lambda: fargate.service()["runningCount"] == 1)
    (new,) = fargate.ecs.list_tasks(cluster=unique, serviceName="web")["taskArns"]
    assert new != kept
    own_emulator.end()
    assert alive(unique) == []
