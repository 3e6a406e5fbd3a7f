"""`docker login` and `docker logout`: passwords in the configuration file that docker has."""

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emulation.compute.builds.docker_command.engine import call
from emulation.compute.builds.docker_command.flags import parser
from emulation.compute.builds.docker_command.telling import environment, fail, say

HUB = "https://index.docker.io/v1/"


def _config_file() -> Path:
    folder = environment("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def logins() -> dict[str, Any]:
    file = _config_file()
    try:
        found: dict[str, Any] = json.loads(file.read_text()).get("auths", {})
    except (OSError, ValueError):
        return {}
    return found


def _save_logins(logins: Mapping[str, Any]) -> None:
    file = _config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"auths": logins}, indent=2))
    file.chmod(0o600)


def members(server: str, entry: Mapping[str, str]) -> dict[str, str]:
    user, _, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
    return {"username": user, "password": password, "serveraddress": server}


def header(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


def login_header(name: str) -> dict[str, str]:
    host = name.split("/")[0]
    entry = logins().get(host, {})
    return {"X-Registry-Auth": header(members(host, entry) if entry else {})}


def login(words: Sequence[str]) -> int:
    """`docker login`."""
    flags = parser("login")
    flags.add_argument("-u", "--username", default="")
    flags.add_argument("-p", "--password", default="")
    flags.add_argument("--password-stdin", action="store_true")
    flags.add_argument("server", nargs="?", default=HUB)
    asked = flags.parse_args(words)
    password = sys.stdin.read().rstrip("\r\n") if asked.password_stdin else asked.password
    if not asked.username or not password:
        fail("Error: Cannot perform an interactive login from a non TTY device")
    server = asked.server.split("://")[-1].split("/")[0] if asked.server != HUB else HUB
    members = {"username": asked.username, "password": password, "serveraddress": server}
    call("POST", "auth", body=json.dumps(members), headers={"Content-Type": "application/json"})
    secret = base64.b64encode(f"{asked.username}:{password}".encode()).decode()
    _save_logins({**logins(), server: {"auth": secret}})
    say("Login Succeeded\n")
    return 0


def logout(words: Sequence[str]) -> int:
    """`docker logout`."""
    server = words[0] if words else HUB
    _save_logins({name: entry for name, entry in logins().items() if name != server})
    say(f"Removing login credentials for {server}\n")
    return 0
