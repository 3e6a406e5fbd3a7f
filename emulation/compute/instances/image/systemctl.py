"""`systemctl` and its like: hands the command to the first process and prints what it says."""

import json
import os
import socket
import sys
from pathlib import Path

SYNONYMS = {"poweroff": "poweroff", "halt": "halt", "reboot": "reboot"}


def arguments() -> list[str]:
    """The command line, whatever name it was called by."""
    name = Path(sys.argv[0]).name
    if name == "shutdown":
        return ["reboot" if "-r" in sys.argv[1:] else "poweroff"]
    return [SYNONYMS[name]] if name in SYNONYMS else sys.argv[1:]


def main() -> int:
    """Ask and print."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ.get("INIT_SOCKET", "/run/init.sock"))
    with connection, connection.makefile("rw") as stream:
        stream.write(json.dumps(arguments()) + "\n")
        stream.flush()
        answer = json.loads(stream.readline())
    for line in answer["errors"]:
        sys.stderr.write(f"{line}\n")
    for line in answer["out"]:
        sys.stdout.write(f"{line}\n")
    return int(answer["code"])


sys.exit(main())
