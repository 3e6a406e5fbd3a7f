"""The units of an instance, and the words of `systemctl` about them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulation.compute.instances.guest import units
from emulation.compute.instances.guest.children import Children, Console
from emulation.compute.instances.guest.paths import Paths
from emulation.compute.instances.guest.service import Service
from emulation.compute.instances.guest.unit_text import UnitError

FOLDER = "/etc/systemd/system"
FOLDERS = (FOLDER, "/run/systemd/system")
QUIET = {"-q", "--quiet", "--no-pager", "--no-block", "--system", "-l", "--full", "--no-legend"}
INACTIVE = 3
NO_SUCH_UNIT = 4


@dataclass
class Reply:
    """What a command prints and how it exits."""

    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    code: int = 0

    def failed(self, message: str, code: int = 1) -> None:
        """One more failure."""
        self.errors.append(message)
        self.code = code


class Manager:
    """Knows the units' files and runs their services."""

    def __init__(
        self, children: Children, console: Console, paths: Paths, environment: Mapping[str, str]
    ) -> None:
        self._children = children
        self._console = console
        self._paths = paths
        self._environment = environment
        self._services: dict[str, Service] = {}
        self._lock = threading.RLock()
        self._closing = False
        self._verbs: dict[str, Callable[[str, Reply], None]] = {
            "start": self._start,
            "stop": self._stop,
            "restart": self._restart,
            "try-restart": self._try_restart,
            "enable": self._enable,
            "disable": self._disable,
            "status": self._status,
            "is-active": self._is_active,
            "is-failed": self._is_failed,
            "is-enabled": self._is_enabled,
            "reset-failed": self._reset,
            "cat": self._cat,
        }

    def systemctl(self, arguments: list[str]) -> Reply:
        """Carry out one command line."""
        reply = Reply()
        options = [word for word in arguments if word.startswith("-")]
        words = [word for word in arguments if not word.startswith("-")]
        if unknown := [option for option in options if option not in {*QUIET, "--now"}]:
            reply.failed(f"systemctl: the option {unknown[0]} is not emulated")
        elif words == ["daemon-reload"]:
            self._reload()
        elif not words or words[0] not in self._verbs:
            reply.failed(f"Unknown command verb {' '.join(words[:1])}.")
        elif len(words) == 1:
            reply.failed("Too few arguments.")
        else:
            self._each(words[0], words[1:], options, reply)
        return reply

    def _each(self, verb: str, names: list[str], options: list[str], reply: Reply) -> None:
        now = {"enable": self._start, "disable": self._stop} if "--now" in options else {}
        for name in map(full_name, names):
            self._verbs[verb](name, reply)
            if verb in now and reply.code == 0:
                now[verb](name, reply)
        if {"-q", "--quiet"} & set(options) and verb.startswith("is-"):
            reply.out.clear()

    def start_enabled(self) -> None:
        """What a boot does: start the units that the targets want, each after those it names."""
        wanted = {
            link.name
            for target in units.TARGETS
            for link in self._paths.path(f"{FOLDER}/{target}.wants").glob("*.service")
        }
        for name in self._in_order(wanted):
            reply = Reply()
            self._start(name, reply)
            for line in reply.errors:
                self._console.write(line)

    def stop_all(self) -> None:
        """Stop all services at the same time; none starts any more."""
        with self._lock:
            self._closing = True
            services = list(self._services.values())
        threads = [threading.Thread(target=service.stop) for service in services]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _in_order(self, names: set[str]) -> list[str]:
        after = {}
        for name in names:
            try:
                after[name] = set(self._load(name).after) & names
            except (UnitError, FileNotFoundError):
                after[name] = set()
        ordered: list[str] = []
        while after:
            free = sorted(name for name, before in after.items() if before <= set(ordered))
            # Units that wait for each other start in the order of their names.
            ordered += free or sorted(after)
            after = {name: before for name, before in after.items() if name not in ordered}
        return ordered

    def _file(self, name: str) -> Path:
        """The unit's file, its template's where it has none.

        Raises:
            FileNotFoundError: there is neither.
        """
        stem, at, _ = name.rpartition(".")[0].partition("@")
        for candidate in (name, f"{stem}@.service") if at else (name,):
            for folder in FOLDERS:
                path = self._paths.path(f"{folder}/{candidate}")
                if path.exists():
                    return path
        raise FileNotFoundError(name)

    def _load(self, name: str) -> units.Unit:
        """The unit as its files say, drop-ins after the unit itself.

        Raises:
            FileNotFoundError: there is no such unit. UnitError: it cannot be honoured.
        """
        if not name.endswith(".service"):
            raise UnitError("units other than services are not emulated")
        path = self._file(name)
        drop_ins = sorted(Path(f"{path}.d").glob("*.conf"))
        return units.parse(name, "\n".join(file.read_text() for file in (path, *drop_ins)))

    def _service(self, name: str, reply: Reply, doing: str) -> Service | None:
        """The service of a unit, loaded when it is first asked for; why not, in the reply."""
        with self._lock:
            if name not in self._services:
                try:
                    unit = self._load(name)
                except FileNotFoundError:
                    reply.failed(f"Failed to {doing} {name}: Unit {name} not found.", 5)
                    return None
                except UnitError as error:
                    reply.failed(f"Failed to {doing} {name}: {error}")
                    return None
                if unit.user:
                    self._console.write(f"{name}: User={unit.user} is noted, not applied")
                self._services[name] = Service(
                    unit, self._children, self._console, self._paths, self._environment
                )
            return self._services[name]

    def _reload(self) -> None:
        """Forget what does not run; what runs is read again when it has stopped."""
        with self._lock:
            for name, service in list(self._services.items()):
                if service.state in {"inactive", "failed"}:
                    del self._services[name]

    def _start(self, name: str, reply: Reply) -> None:
        service = self._service(name, reply, "start")
        if self._closing:
            reply.failed(f"Failed to start {name}: the instance is shutting down.")
            return
        if service is not None and not service.start():
            reply.failed(
                f"Job for {name} failed because of '{service.result}'.\n"
                f'See "systemctl status {name}" and the console for details.'
            )

    def _stop(self, name: str, reply: Reply) -> None:
        if service := self._service(name, reply, "stop"):
            service.stop()

    def _restart(self, name: str, reply: Reply) -> None:
        if name in self._services:
            self._services[name].stop()
            self._reload()
        self._start(name, reply)

    def _try_restart(self, name: str, reply: Reply) -> None:
        if name in self._services and self._services[name].state == "active":
            self._restart(name, reply)

    def _enable(self, name: str, reply: Reply) -> None:
        try:
            unit, path = self._load(name), self._file(name)
        except FileNotFoundError:
            reply.failed(f"Failed to enable unit: Unit file {name} does not exist.")
            return
        except UnitError as error:
            reply.failed(f"Failed to enable unit {name}: {error}")
            return
        for target in unit.wanted_by:
            link = self._paths.path(f"{FOLDER}/{target}.wants/{name}")
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(path)
                reply.errors.append(
                    f"Created symlink {FOLDER}/{target}.wants/{name} → {FOLDER}/{path.name}."
                )

    def _disable(self, name: str, reply: Reply) -> None:
        for link in self._paths.path(FOLDER).glob(f"*.wants/{name}"):
            link.unlink()
            reply.errors.append(f"Removed {FOLDER}/{link.parent.name}/{name}.")

    def _status(self, name: str, reply: Reply) -> None:
        service = self._service(name, reply, "get the status of")
        if service is None:
            reply.code = NO_SUCH_UNIT
            return
        pid = f"\n   Main PID: {service.main.pid}" if service.main else ""
        reply.out.append(
            f"● {name} - {service.unit.description}\n"
            f"     Loaded: loaded ({self._file(name)}; {self._enabled(name)})\n"
            f"     Active: {service.state} (Result: {service.result}){pid}"
        )
        reply.code = 0 if service.state == "active" else INACTIVE

    def _is_active(self, name: str, reply: Reply) -> None:
        state = self._services[name].state if name in self._services else "inactive"
        reply.out.append(state)
        reply.code = 0 if state == "active" else INACTIVE

    def _is_failed(self, name: str, reply: Reply) -> None:
        state = self._services[name].state if name in self._services else "inactive"
        reply.out.append(state)
        reply.code = 0 if state == "failed" else 1

    def _is_enabled(self, name: str, reply: Reply) -> None:
        state = self._enabled(name)
        reply.out.append(state)
        reply.code = 0 if state == "enabled" else 1

    def _enabled(self, name: str) -> str:
        links = list(self._paths.path(FOLDER).glob(f"*.wants/{name}"))
        return "enabled" if links else "disabled"

    def _reset(self, name: str, _: Reply) -> None:
        if name in self._services:
            self._services[name].reset()

    def _cat(self, name: str, reply: Reply) -> None:
        try:
            reply.out.append(self._file(name).read_text())
        except FileNotFoundError:
            reply.failed(f"No files found for {name}.")


def full_name(name: str) -> str:
    """A unit's whole name: a service, unless it says otherwise."""
    return name if "." in name.rpartition("@")[2] else f"{name}.service"
