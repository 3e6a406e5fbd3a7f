"""The serving engine and the container contract with real processes, in both kinds of isolation."""

import sys
import threading
from dataclasses import replace

import pytest

from emulation.compute import container_contract, images
from emulation.compute.container_contract import ContainerFolder
from emulation.compute.processes import SUPERVISOR, ProcessSpec, Status
from emulation.compute.serving import Fleet, NoServerError, ServerGoneError, ServerSpec

SERVER = """
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer({ping}, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"die":
            os._exit(3)
        if body == b"slow":
            time.sleep(1)
        self.answer(200, str(os.getpid()).encode())
port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture(scope="module", autouse=True)
def nothing_left():
    yield
    SUPERVISOR.stop_all()


@pytest.fixture
def fleet(tmp_path):
    """A fleet of one, stopped afterwards."""
    fleets = []

    def build(program, count=1):
        command = [sys.executable, "-c", program]
        specs = [
            ServerSpec(f"s{number}", command, {}, tmp_path, lambda line: None)
            for number in range(count)
        ]
        fleets.append(Fleet(specs))
        return fleets[-1]

    yield build
    for one in fleets:
        one.stop()


def test_fleet_that_pings_is_ready_and_answers_in_turn(fleet):
    two = fleet(SERVER.format(ping=200), 2)
    assert two.start(30)
    assert len({two.invoke({}, b"x").body for _ in range(4)}) == 2


def test_ping_that_is_not_200_never_makes_a_server_ready(fleet):
    sick = fleet(SERVER.format(ping=500))
    assert not sick.start(2)
    with pytest.raises(NoServerError):
        sick.invoke({}, b"x")


def test_program_that_ends_is_given_up_at_once(fleet):
    ended = threading.Event()

    def start():
        assert not fleet("raise SystemExit(1)").start(240)
        ended.set()

    threading.Thread(target=start, daemon=True).start()
    assert ended.wait(60)


def test_server_that_ends_is_started_again(fleet, waiting):
    one = fleet(SERVER.format(ping=200))
    assert one.start(30)
    first = one.invoke({}, b"x").body
    with pytest.raises(ServerGoneError):
        one.invoke({}, b"die")

    def answer():
        try:
            return one.invoke({}, b"x").body
        except NoServerError:
            return None

    assert waiting("the server to be back", answer) != first


def test_request_that_kills_one_server_is_not_given_to_the_next(fleet):
    two = fleet(SERVER.format(ping=200), 2)
    assert two.start(30)
    for _ in range(4):
        two.invoke({}, b"x")
    with pytest.raises(ServerGoneError):
        two.invoke({}, b"die")
    assert {two.invoke({}, b"x").status for _ in range(4)} == {200}


def test_server_that_leaves_answers_what_it_has(fleet, waiting):
    two = fleet(SERVER.format(ping=200), 2)
    assert two.start(30)
    answers = []
    asking = [
        threading.Thread(target=lambda: answers.append(two.invoke({}, b"slow").status))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    waiting("both to be asked", lambda: all(server.under_way for server in two.servers))
    two.shrink({"s1"})
    for thread in asking:
        thread.join()
    assert answers == [200] * 4
    assert [server.spec.name for server in two.servers] == ["s0"]


def test_fleet_grows_by_servers_that_are_ready_or_not_at_all(fleet):
    one = fleet(SERVER.format(ping=200))
    assert one.start(30)
    spec = one.servers[0].spec
    assert not one.grow([replace(spec, command=["false"])], 30)
    assert len(one.servers) == 1
    assert one.grow([replace(spec, name="s1")], 30)
    assert len({one.invoke({}, b"x").body for _ in range(4)}) == 2


def test_stopped_fleet_leaves_no_process(fleet):
    one = fleet(SERVER.format(ping=200))
    assert one.start(30)
    pid = one.servers[0].pid
    one.stop()
    assert pid not in {process.pid for process in SUPERVISOR.processes()}


PROGRAM = """
import os
from pathlib import Path
base = Path(os.environ["SM_MODEL_DIR"]).parent
print("here", Path.cwd() == base / "code", sorted(p.name for p in base.iterdir()))
(base / "model" / "made").write_text(os.environ["SM_HP_RATE"])
"""


@pytest.fixture(params=["namespace", "prefix"])
def isolation(request, monkeypatch):
    if request.param == "namespace" and container_contract.isolation() != "namespace":
        pytest.skip("this system gives a process no mount namespace")
    monkeypatch.setattr(container_contract, "isolation", lambda: request.param)
    return request.param


def test_script_mode_sees_its_own_opt_ml(tmp_path, isolation):
    folder = ContainerFolder(tmp_path / "job")
    folder.make()
    (folder.code / "train.py").write_text(PROGRAM)
    container_contract.write_training_config(
        folder,
        hyperparameters={"sagemaker_program": "train.py", "rate": "0.5"},
        channels=[],
        instance_type="ml.m5.large",
    )
    image = images.find("sagemaker-scikit-learn")
    command, environment = container_contract.contained(
        folder, image.train_command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "WHERE": "/opt/ml"}
    )
    process = SUPERVISOR.start(ProcessSpec("t", command, environment, folder.code))
    assert process.wait(60) is Status.SUCCEEDED, process.logs()
    assert "here True ['code', 'input', 'model', 'output']" in process.logs()
    assert (folder.model / "made").read_text() == "0.5"


def test_jobs_do_not_see_each_others_opt_ml(tmp_path):
    if container_contract.isolation() != "namespace":
        pytest.skip("this system gives a process no mount namespace")
    seen = []
    for name in ("one", "two"):
        folder = ContainerFolder(tmp_path / name)
        folder.make()
        command, environment = container_contract.contained(
            folder, ["sh", "-c", f"ls /opt/ml/model; touch /opt/ml/model/{name}"], {}
        )
        process = SUPERVISOR.start(ProcessSpec(name, command, environment, folder.code))
        assert process.wait(30) is Status.SUCCEEDED
        seen += process.logs()
        assert (folder.model / name).exists()
    assert seen == []
