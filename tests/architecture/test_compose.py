"""compose.yaml holds what both of its readers need: containers, and the laptop's host processes."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emulation.compute.compose import Condition, read
from emulation.laptop.settings import LaptopSettings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"
DOCUMENT = yaml.safe_load(FILE.read_text())
SERVICES = DOCUMENT["services"]
INSTALLED_AS = {
    "botocore": "boto3",
    "starlette": "fastapi",
    "pydantic": "pydantic-settings",
    "jwt": "pyjwt",
    "yaml": "pyyaml",
}
"""Imported names whose package is another, or comes with another."""


@pytest.fixture
def containers():
    return read(FILE, {})


@pytest.fixture
def laptop():
    return read(FILE, LaptopSettings().variables())


def dockerfile(service):
    return ROOT / SERVICES[service]["build"]["dockerfile"]


def test_the_processes_are_these(containers):
    assert set(containers) == {"emulator", "mlflow", "api", "producer"}
    assert containers["producer"].profiles == {"producer"}


def test_both_readers_start_the_same_programs(containers, laptop):
    def programs(services):
        return {name: [w for w in s.command if "=" not in w] for name, s in services.items()}

    assert programs(containers) == programs(laptop)
    for name, service in containers.items():
        assert service.environment.keys() == laptop[name].environment.keys()
        assert service.ports == laptop[name].ports


def test_laptop_processes_find_each_other_on_this_machine(laptop):
    told = json.dumps([[*s.command, *s.environment.values()] for s in laptop.values()])
    assert "0.0.0.0" not in told
    assert not re.findall(r"http://(?!localhost:)\S+", told.replace("http://127.0.0.1:", ""))
    assert laptop["api"].environment["AWS_ENDPOINT"] == "http://localhost:4566"
    assert laptop["api"].environment["MLFLOW_TRACKING_URI"] == "http://localhost:5000"


def test_containers_find_each_other_by_name(containers):
    assert containers["api"].environment["AWS_ENDPOINT"] == "http://emulator:4566"
    assert "localhost" not in str(containers["producer"].environment)


def test_ports_follow_their_variables(monkeypatch):
    for name, port in {
        "EMULATION_PORT": "14566",
        "MLFLOW_PORT": "15000",
        "API_PORT": "18000",
    }.items():
        monkeypatch.setenv(name, port)
    services = read(FILE, LaptopSettings().variables())
    assert [services[name].ports for name in ("emulator", "mlflow", "api")] == [
        (14566,),
        (15000,),
        (18000,),
    ]
    assert services["emulator"].environment["EMULATION_PORT"] == "14566"
    assert "--port=15000" in services["mlflow"].command
    assert "--port=18000" in services["api"].command
    assert services["api"].environment["AWS_ENDPOINT"] == "http://localhost:14566"
    assert "18000" in services["api"].health.test[-1]


def test_nothing_of_the_users_account_reaches_a_process(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_ENDPOINT", "https://elsewhere.example")
    for service in read(FILE, LaptopSettings().variables()).values():
        assert "AKIAREAL" not in str(service.environment)
        assert "elsewhere" not in str(service)


@pytest.mark.parametrize("name", [name for name in SERVICES if "ports" in SERVICES[name]])
def test_service_with_a_port_is_checked_and_published_to_this_machine_only(name, containers):
    assert containers[name].health is not None
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_whoever_needs_the_emulator_waits_until_it_is_healthy(containers):
    needs = {name: service.needs for name, service in containers.items() if name != "emulator"}
    assert set(map(str, needs.values())) == {str({"emulator": Condition.HEALTHY})}


def test_volumes_are_named_and_declared():
    used = {
        mount.partition(":")[0] for body in SERVICES.values() for mount in body.get("volumes", ())
    }
    assert used == set(DOCUMENT["volumes"])
    assert not [name for name in used if name.startswith((".", "/", "~"))]


@pytest.mark.parametrize("name", list(SERVICES))
def test_image_is_built_from_its_own_folder_by_a_user_that_is_not_root(name):
    text = dockerfile(name).read_text()
    target = SERVICES[name]["build"].get("target")
    stages = re.split(r"^FROM ", text, flags=re.M)[1:]
    stage = next(s for s in stages if target is None or s.splitlines()[0].endswith(f" AS {target}"))
    assert re.findall(r"^USER (.+)$", stage, flags=re.M)[-1] == "terrarium"
    assert "requirements.lock" in text


@pytest.mark.parametrize("name", list(SERVICES))
def test_image_copies_only_what_is_there(name):
    for line in re.findall(r"^COPY (?!--)(.+)$", dockerfile(name).read_text(), flags=re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source


def test_image_of_the_emulator_holds_nothing_of_the_application():
    copied = re.findall(r"^COPY (.+)$", dockerfile("emulator").read_text(), flags=re.M)
    sources = {word.partition("/")[0] for line in copied for word in line.split()[:-1]}
    assert sources.isdisjoint({"pipeline", "spark_jobs", "models", "api", "."})


@pytest.mark.parametrize(
    ("service", "packaged"),
    [
        ("api", ["api", "pipeline/aws.py", "pipeline/contracts"]),
        ("producer", ["pipeline"]),
    ],
)
def test_image_installs_what_its_code_imports(service, packaged):
    installed = re.search(
        r"uv pip install .*requirements\.lock (.+)$", dockerfile(service).read_text(), re.M
    )
    imported = {
        name for part in packaged for path in python_files(ROOT / part) for name in imports(path)
    }
    foreign = imported - set(sys.stdlib_module_names) - {"api", "pipeline"}
    assert {INSTALLED_AS.get(name, name.replace("_", "-")) for name in foreign} <= set(
        installed[1].split()
    )


def python_files(path):
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_docker_compose_accepts_it():
    """Where the client has the plug-in; it needs no engine for this."""
    command = ["docker", "compose", "--file", str(FILE), "--profile", "*", "config", "--quiet"]
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no docker compose on this machine")
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
