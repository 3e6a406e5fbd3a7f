"""Where the system gives no root of its own (macOS, some containers), paths are rewritten."""

import os
import signal
from base64 import b64decode

import psutil
import pytest

from emulation.compute.instances import machine
from emulation.compute.instances.machine import Console, End, Machine, MachineSpec
from emulation.compute.instances.user_data import plan


@pytest.fixture
def boot(tmp_path, monkeypatch, waiting):
    """`boot(user_data)`: a machine that has run its user data, and how it ended."""
    monkeypatch.setattr(machine, "has_namespaces", lambda: False)
    machines = []

    def start(text: str) -> tuple[Machine, list[End]]:
        ends: list[End] = []
        spec = MachineSpec("i-0", tmp_path / "i-0", "host", "t3.nano", {}, plan(text.encode()))
        started = Machine(spec, lambda: None, ends.append)
        machines.append(started)
        started.start()
        waiting("the boot", lambda: started.booted)
        return started, ends

    yield start
    for started in machines:
        started.stop(force=True)


def said(started: Machine) -> str:
    return b64decode(Console(started.spec.folder).read()).decode()


def units(started: Machine, words: str) -> list[psutil.Process]:
    return [
        p for p in psutil.process_iter(["cmdline"]) if words in " ".join(p.info["cmdline"] or ())
    ]


def test_private_folders_are_in_the_instances_own(boot, cloud_config, unit_text, waiting):
    command = "/bin/sh -c 'echo unit sees $(cat /opt/note); exec sleep 100'"
    files = {"/opt/note": "hello", "/etc/systemd/system/a.service": unit_text(command)}
    started, ends = boot(cloud_config(files, runcmd=["ls /opt", "systemctl enable --now a"]))
    waiting("the unit", lambda: "unit sees hello" in said(started))
    assert (started.spec.folder / "volume/opt/note").read_text() == "hello"
    assert "gives an instance no root of its own" in said(started)
    started.stop()
    waiting("the end", lambda: ends == [End.STOPPED])
    assert "Stopped a.service" in said(started)


def test_killed_first_process_leaves_no_orphan(boot, cloud_config, unit_text, waiting):
    mark = f"sleep 98{os.getpid()}"
    files = {"/etc/systemd/system/a.service": unit_text(f"/bin/{mark}")}
    started, ends = boot(cloud_config(files, runcmd=["systemctl start a"]))
    (unit,) = units(started, mark)
    os.kill(int((started.spec.folder / "pid").read_text()), signal.SIGKILL)
    waiting("the end", lambda: ends == [End.CRASHED])
    waiting("the unit to end too", lambda: not unit.is_running())
