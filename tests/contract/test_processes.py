"""The supervisor with real children: how they end, and that they never outlive who started them."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from emulation.compute.processes import Limits, ProcessSpec, Status, Supervisor


@pytest.fixture
def supervisor():
    started = Supervisor()
    yield started
    started.stop_all()


@pytest.fixture
def spec(tmp_path):
    def build(code: str, **options):
        command = [sys.executable, "-c", code]
        return ProcessSpec(name="t", command=command, environment={}, folder=tmp_path, **options)

    return build


def test_process_that_exits_zero_succeeded_and_its_output_is_kept(supervisor, spec):
    lines: list[str] = []
    process = supervisor.start(spec("print('a'); print('b')", log=lines.append))
    assert process.wait(20) is Status.SUCCEEDED
    assert (process.logs(), lines, process.exit_code) == (["a", "b"], ["a", "b"], 0)


def test_process_that_exits_nonzero_failed(supervisor, spec):
    process = supervisor.start(spec("raise SystemExit(3)"))
    assert (process.wait(20), process.exit_code) == (Status.FAILED, 3)


def test_stop_lets_the_handler_of_term_finish(supervisor, spec):
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'saved'), os._exit(0)))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    up = threading.Event()
    process = supervisor.start(spec(code, log=lambda line: up.set()))
    assert up.wait(20)
    assert process.stop() is Status.STOPPED
    assert process.logs() == ["up", "saved"]


def test_process_that_ignores_term_is_killed_after_the_grace_period(supervisor, spec):
    code = "import signal, time\nsignal.signal(15, 1)\nprint(1, flush=True)\ntime.sleep(60)"
    up = threading.Event()
    process = supervisor.start(spec(code, grace_seconds=0.3, log=lambda line: up.set()))
    assert up.wait(20)
    assert (process.stop(), process.exit_code) == (Status.STOPPED, -signal.SIGKILL)


def test_what_others_need_ends_after_them(supervisor, spec):
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep({}), os._exit(0)))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    up = [threading.Event(), threading.Event()]
    slow = supervisor.start(spec(code.format(1), log=lambda line: up[0].set()))
    quick = supervisor.start(spec(code.format(0), log=lambda line: up[1].set(), needed=True))
    assert all(event.wait(20) for event in up)
    supervisor.stop_all()
    assert (slow.exit_code, quick.exit_code) == (0, 0)
    assert quick.ended > slow.ended


def test_process_past_its_time_is_stopped(supervisor, spec):
    process = supervisor.start(spec("import time; time.sleep(60)", limits=Limits(seconds=0.3)))
    assert process.wait(20) is Status.TIMED_OUT


def test_process_past_its_memory_is_killed(supervisor, spec):
    code = "import time\nkept = b'x' * 200_000_000\ntime.sleep(60)"
    process = supervisor.start(spec(code, limits=Limits(memory_mb=100)))
    assert process.wait(20) is Status.OUT_OF_MEMORY


def test_killed_child_is_noticed_at_once(supervisor, spec):
    ended = threading.Event()
    process = supervisor.start(spec("import time; time.sleep(60)"), lambda _: ended.set())
    process.signal(signal.SIGKILL)
    assert ended.wait(5)
    assert process.status() is Status.FAILED


def test_child_does_not_inherit_the_environment(supervisor, spec, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")
    process = supervisor.start(spec("import os; print('SECRET_OF_THE_SHELL' in os.environ)"))
    process.wait(20)
    assert process.logs() == ["False"]


def test_missing_command_is_an_error_of_the_caller(supervisor, tmp_path):
    with pytest.raises(FileNotFoundError):
        supervisor.start(ProcessSpec("t", ["/no/such"], {}, tmp_path))


def test_no_orphan_survives_kill_9_of_the_emulator(tmp_path):
    """The grandchild too: a shell that started a sleep."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from emulation.compute.processes import ProcessSpec, Supervisor\n"
        "command = ['/bin/sh', '-c', 'sleep 300 & echo $!; wait']\n"
        "log = lambda line: print(line, flush=True)\n"
        "spec = ProcessSpec('t', command, {'PATH': '/usr/bin:/bin'}, Path('.'), log=log)\n"
        "Supervisor().start(spec)\ntime.sleep(60)"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True
    )
    with parent:
        grandchild = int(parent.stdout.readline())
        assert psutil.pid_exists(grandchild)
        parent.kill()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(grandchild) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(grandchild)
