"""`python -m emulation.laptop` with two small servers: order, health, and nothing left behind."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.waiting import free_ports

COMPOSE = """
services:
  front:
    command: [python, -m, http.server, "${FRONT}", --bind, 127.0.0.1]
    ports: ["${FRONT}:${FRONT}"]
    depends_on: {back: {condition: service_healthy}}
  back:
    command: [python, back.py, "${BACK}"]
    environment: {TOLD: "${TOLD:-nothing}"}
    ports: ["${BACK}:${BACK}"]
    stop_grace_period: 2s
    healthcheck:
      test:
        - CMD
        - python
        - -c
        - import urllib.request as r; r.urlopen("http://127.0.0.1:${BACK}/", timeout=2)
      interval: 300ms
      start_interval: 50ms
      start_period: 30s
      retries: 2
  extra:
    profiles: [extra]
    command: [python, -c, "import time; print('extra', flush=True); time.sleep(600)"]
"""

BACK = """
import http.server, os, subprocess, sys
from pathlib import Path
print("told", os.environ["TOLD"], flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path("child").write_text(str(child.pid))
if Path("broken").exists():
    sys.exit("broken on purpose")
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if Path("ready").exists() else 503)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


@dataclass
class Laptop:
    folder: Path
    variables: dict

    def __call__(self, *arguments, **more):
        return subprocess.run(self.command(*arguments), **self.options(more), timeout=90)

    def begin(self, *arguments):
        return subprocess.Popen(self.command(*arguments), **self.options({}))

    def command(self, *arguments):
        return [sys.executable, "-m", "emulation.laptop", "--file", "compose.yaml", *arguments]

    def options(self, more):
        machine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            "cwd": self.folder,
            "env": {**machine, **self.variables, "COLUMNS": "200", **more},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }

    def board(self):
        path = self.folder / "state/laptop/board.json"
        return json.loads(path.read_text()) if path.exists() else {"rows": {}, "pid": None}

    def row(self, name):
        return self.board()["rows"].get(name, {})

    def holder(self):
        return int((self.folder / "state/laptop/lock").read_text().split()[0])

    def pids(self):
        rows = [row["pid"] for row in self.board()["rows"].values() if row["pid"]]
        child = self.folder / "child"
        return [*rows, self.holder(), *([int(child.read_text())] if child.exists() else [])]


@pytest.fixture
def laptop(tmp_path):
    front, back = free_ports(2)
    ports = {"FRONT": str(front), "BACK": str(back)}
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "back.py").write_text(BACK)
    (tmp_path / "ready").touch()
    made = Laptop(tmp_path, {**ports, "EMULATION_STATE_FOLDER": str(tmp_path / "state")})
    yield made
    made("down")


def alive(pids):
    """A dead process whose parent has not asked for its exit code is none of ours to wait for."""
    running = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                running.append(pid)
    return running


def test_up_starts_status_shows_down_leaves_nothing(laptop):
    up = laptop("up", "--wait")
    assert up.returncode == 0, up.stdout
    pids, ports = laptop.pids(), [laptop.variables[name] for name in ("FRONT", "BACK")]
    assert len(alive(pids)) == 4
    assert all(map(listens, ports))
    status = laptop("status")
    assert status.returncode == 0
    assert "healthy" in status.stdout
    assert f"http://localhost:{ports[0]}" in status.stdout
    down = laptop("down")
    assert (down.returncode, down.stdout) == (0, "Stopped: back, front.\n")
    assert not alive(pids)
    assert not any(map(listens, ports))
    assert laptop("status").returncode == 1


def test_dependent_waits_for_health(laptop, waiting):
    (laptop.folder / "ready").unlink()
    with laptop.begin("up") as up:
        waiting("back to start", lambda: laptop.row("back").get("state") == "starting")
        assert laptop.row("front")["state"] == "waiting"
        assert up.poll() is None
        (laptop.folder / "ready").touch()
        assert up.wait(60) == 0
    assert laptop.row("back")["state"] == "healthy"
    assert laptop.row("front")["state"] == "running"


def test_second_up_changes_nothing(laptop):
    laptop("up")
    before = laptop.pids()
    assert laptop("up").returncode == 0
    assert laptop.pids() == before


def test_two_at_once_start_one(laptop):
    with laptop.begin("up") as one, laptop.begin("up") as two:
        codes = {one.wait(60), two.wait(60)}
    assert codes == {0}
    found = [
        p
        for p in psutil.process_iter(["cmdline"])
        if str(laptop.folder / "state") in (p.info["cmdline"] or [])
    ]
    assert [process.pid for process in found] == [laptop.holder()]


def test_kill_9_of_the_background_process_leaves_nothing_and_up_works_again(laptop, waiting):
    laptop("up")
    pids = laptop.pids()
    psutil.Process(laptop.holder()).kill()
    status = laptop("status")
    assert (status.returncode, "was killed" in status.stdout) == (1, True)
    waiting("everything to end", lambda: not alive(pids), 15)
    assert laptop("up", "--wait").returncode == 0
    assert not set(laptop.pids()) & set(pids)


def test_service_that_dies_is_shown_and_the_next_up_starts_it_again(laptop, waiting):
    laptop("up")
    kept = laptop.row("back")["pid"]
    psutil.Process(laptop.row("front")["pid"]).kill()
    waiting("the end to be noticed", lambda: laptop.row("front")["state"] == "ended")
    status = laptop("status")
    assert (status.returncode, "killed by SIGKILL" in status.stdout) == (1, True)
    assert laptop("up").returncode == 0
    assert (laptop.row("front")["state"], laptop.row("back")["pid"]) == ("running", kept)


def test_service_that_stops_answering_is_unhealthy(laptop, waiting):
    laptop("up")
    (laptop.folder / "ready").unlink()
    waiting("the health to be lost", lambda: laptop.row("back")["state"] == "unhealthy")
    assert laptop("status").returncode == 1
    (laptop.folder / "ready").touch()
    waiting("the health to return", lambda: laptop.row("back")["state"] == "healthy")


def test_failure_at_the_start_is_told_with_the_log(laptop):
    (laptop.folder / "broken").touch()
    up = laptop("up")
    assert up.returncode == 1
    assert "back ended: exited with code 1" in up.stdout
    assert "broken on purpose" in up.stdout
    assert "front not started: needs back" in up.stdout
    assert not listens(laptop.variables["BACK"])


def test_taken_port_is_told_before_anything_starts(laptop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(laptop.variables["FRONT"])))
        taken.listen()
        up = laptop("up")
    assert up.returncode == 1
    assert up.stdout.startswith(f"Port {laptop.variables['FRONT']} of front is taken by ")
    assert f"(process {os.getpid()})" in up.stdout
    assert up.stdout.endswith("or choose another port with FRONT_PORT=...\n")
    assert not listens(laptop.variables["BACK"])
    assert not laptop.board()["pid"]


def test_missing_java_is_told_where_the_emulator_is_asked_for(laptop):
    body = "services: {emulator: {command: [python, -m, emulation]}}"
    (laptop.folder / "compose.yaml").write_text(body)
    up = laptop("up", JAVA_HOME="/no/such/java")
    assert up.returncode == 1
    assert up.stdout.startswith("Spark needs Java 17 or newer and there is none: ")


def test_changed_settings_of_what_runs_are_refused(laptop):
    laptop("up")
    up = laptop("up", TOLD="something else")
    assert up.returncode == 1
    assert "back runs with other settings" in up.stdout
    assert laptop("status").returncode == 0


def test_profile_adds_to_what_runs(laptop, waiting):
    laptop("up")
    before = laptop.row("back")["pid"]
    assert laptop("up", "--profile", "extra").returncode == 0
    assert (laptop.row("extra")["state"], laptop.row("back")["pid"]) == ("running", before)
    assert laptop("up").returncode == 0
    assert laptop.row("extra")["state"] == "running"


def test_logs_show_what_services_say(laptop):
    laptop("up", TOLD="the variable")
    shown = laptop("logs", "back")
    assert "told the variable" in shown.stdout
    assert laptop("logs", "nobody").returncode == 1


def test_process_sees_nothing_of_the_shell_but_what_compose_names(laptop):
    laptop("up", SECRET_OF_THE_SHELL="1")
    environment = psutil.Process(laptop.row("back")["pid"]).environ()
    assert "SECRET_OF_THE_SHELL" not in environment
    assert environment["TOLD"] == "nothing"


def test_broken_file_is_told(laptop):
    (laptop.folder / "compose.yaml").write_text("services: {a: {command: [x], restart: always}}")
    up = laptop("up")
    assert (up.returncode, "restart has no meaning" in up.stdout) == (1, True)


def test_command_that_is_not_there_is_told(laptop):
    (laptop.folder / "compose.yaml").write_text("services: {a: {command: [no-such-program]}}")
    up = laptop("up")
    assert (up.returncode, "No such file" in up.stdout) == (1, True)
