"""The first process of an instance: its root, its user data, its units, and its end.

It is started with the instance's folder, in which `boot.json` says what to do. TERM stops the units
in their own time and ends the instance; `systemctl poweroff` does the same from within. It exits
with a code that says which of them it was.
"""

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from emulation.compute.instances.guest.children import Children, Console
from emulation.compute.instances.guest.first_boot import FirstBoot
from emulation.compute.instances.guest.manager import Manager, Reply
from emulation.compute.instances.guest.paths import Paths
from emulation.compute.instances.guest.root import Image, enter, prepare_volume

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SOCKET = "/run/init.sock"
STOPPED, POWERED_OFF, REBOOTED = 0, 10, 11
ENDS = {"poweroff": POWERED_OFF, "halt": POWERED_OFF, "reboot": REBOOTED}


class Init:
    """Boots an instance and waits for its end."""

    def __init__(self, folder: Path) -> None:
        boot: dict[str, Any] = json.loads((folder / "boot.json").read_text())
        self._boot = boot
        self._volume = folder / "volume"
        self._image = Image(
            Path(boot["commands"]),
            [Path(path) for path in boot["folders"]],
            Path(boot["wheels"]),
        )
        self._root = folder / "root"
        self._console = Console()
        self._children = Children(None if boot["namespace"] else Path(boot["warden"]))
        self._ending = threading.Event()
        self._end = STOPPED
        self._wakeup_reading, self._wakeup = os.pipe()

    def run(self) -> int:
        """Boot, wait, stop; the exit code says why it ended."""
        self._watch_signals()
        prepare_volume(self._volume, self._image, self._boot["hostname"])
        paths = self._make_root()
        environment = self._environment(paths)
        manager = Manager(self._children, self._console, paths, environment)
        self._answer(paths, manager)
        self._console.write(f"Booting {self._boot['instance_id']} ({self._boot['description']})")
        threading.Thread(
            target=self._start, args=(manager, paths, environment), daemon=True
        ).start()
        while not self._ending.is_set():
            os.read(self._wakeup_reading, 512)
            self._children.reap()
        self._console.write("Stopping the units")
        manager.stop_all()
        self._children.kill_all()
        self._console.write("The instance has stopped")
        return self._end

    def _watch_signals(self) -> None:
        os.set_blocking(self._wakeup, False)
        signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.end(STOPPED))

    def end(self, code: int) -> None:
        """Begin to stop."""
        if not self._ending.is_set():
            self._end = code
            self._ending.set()
            os.write(self._wakeup, b"e")

    def _make_root(self) -> Paths:
        """A root of our own where the system gives one."""
        if not self._boot["namespace"]:
            self._console.write(
                "This system gives an instance no root of its own: paths in user data and units"
                " are rewritten, a path written into a program is not."
            )
            return Paths(str(self._volume))
        self._root.mkdir(exist_ok=True)
        enter(self._root, self._volume, self._image)
        socket.sethostname(self._boot["hostname"])
        return Paths()

    def _environment(self, paths: Paths) -> dict[str, str]:
        """What every process of the instance sees."""
        environment = {"PATH": PATH, "LANG": "C.UTF-8", **self._boot["environment"]}
        if paths.prefix:
            (self._volume / "run").mkdir(exist_ok=True)
            environment |= {
                "PATH": f"{self._image.commands}:{os.defpath}:{PATH}",
                "HOME": f"{paths.prefix}/root",
                "PIP_CONFIG_FILE": f"{paths.prefix}/etc/pip.conf",
                "TMPDIR": f"{paths.prefix}/tmp",
                "INIT_SOCKET": self._boot["socket"],
                "INSTANCE_ROOT": paths.prefix,
            }
        return environment

    def _start(self, manager: Manager, paths: Paths, environment: dict[str, str]) -> None:
        if self._boot["first"]:
            user_data = self._boot["user_data"]
            first_boot = FirstBoot(self._children, self._console, paths, environment)
            first_boot.run(user_data["parts"], user_data["problem"])
        manager.start_enabled()

    def _answer(self, paths: Paths, manager: Manager) -> None:
        """Listen for `systemctl` and its like."""
        path = self._boot["socket"] if paths.prefix else SOCKET
        Path(path).unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        threading.Thread(target=self._accept, args=(listener, manager), daemon=True).start()

    def _accept(self, listener: socket.socket, manager: Manager) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection, manager), daemon=True).start()

    def _serve(self, connection: socket.socket, manager: Manager) -> None:
        """One request: a line of JSON with the arguments, answered by one with what to print."""
        with connection, connection.makefile("rw") as stream:
            arguments = json.loads(stream.readline())
            reply = self._carry_out(arguments, manager)
            answer = {"out": reply.out, "errors": reply.errors, "code": reply.code}
            stream.write(json.dumps(answer) + "\n")

    def _carry_out(self, arguments: list[str], manager: Manager) -> Reply:
        if arguments and arguments[0] in ENDS:
            self.end(ENDS[arguments[0]])
            return Reply()
        return manager.systemctl(arguments)


def main() -> None:
    """Run the instance whose folder is named; nothing is left to clean up but by the kernel."""
    code = Init(Path(sys.argv[1])).run()
    sys.stdout.flush()
    os._exit(code)
