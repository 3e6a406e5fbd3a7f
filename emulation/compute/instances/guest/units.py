"""Which units an instance honours: the directives that somebody here carries out, and no others.

A directive that is not in the lists is refused by its name: a limit that is not enforced or a
sandbox that is not built would be a promise that nobody keeps.
"""

import re
import signal
from dataclasses import dataclass, field

from emulation.compute.instances.guest import unit_text
from emulation.compute.instances.guest.unit_text import Command, Sections, UnitError

# What orders units against targets that are all reached when units start, or says it in words.
SAID_ONLY = {
    "Unit": {"Description", "Documentation", "After", "Before", "Wants", "Requires"}
    | {"DefaultDependencies"},
    "Service": {"SyslogIdentifier", "SyslogLevel", "User", "Group", "PermissionsStartOnly"},
    "Install": {"WantedBy", "RequiredBy", "Alias", "Also"},
}
DONE = {
    "Unit": {"StartLimitIntervalSec", "StartLimitBurst", "ConditionPathExists"},
    "Service": {
        "Type", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecStop", "ExecStopPost",
        "Environment", "EnvironmentFile", "WorkingDirectory", "Restart", "RestartSec",
        "TimeoutStartSec", "TimeoutStopSec", "TimeoutSec", "KillSignal", "KillMode",
        "SuccessExitStatus", "RestartPreventExitStatus", "RemainAfterExit", "StandardOutput",
        "StandardError", "UMask", "LimitNOFILE", "StartLimitInterval", "StartLimitBurst",
    },
    "Install": set(),
}  # fmt: skip

TYPES = {"simple", "exec", "oneshot"}
RESTARTS = {"no", "always", "on-success", "on-failure", "on-abnormal", "on-abort"}
KILL_MODES = {"control-group", "mixed", "process", "none"}
CLEAN_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE}
OUTPUT = re.compile(
    r"(journal|inherit|journal\+console|kmsg|null|tty)|(?:(file|append|truncate):(/.+))"
)
TARGETS = ("multi-user.target", "default.target", "graphical.target")


@dataclass(frozen=True, slots=True)
class Unit:
    """A service unit that an instance can run."""

    name: str
    kind: str
    start_pre: tuple[Command, ...]
    start: tuple[Command, ...]
    start_post: tuple[Command, ...]
    stop: tuple[Command, ...]
    stop_post: tuple[Command, ...]
    environment: dict[str, str]
    environment_files: tuple[str, ...]
    """A leading `-` lets one be absent."""
    working_directory: str
    restart: str
    restart_seconds: float
    start_timeout: float
    stop_timeout: float
    kill_signal: signal.Signals
    kill_mode: str
    success: frozenset[int]
    """Exit codes; a signal is its negative number."""
    prevent_restart: frozenset[int]
    remain: bool
    output: str
    errors: str
    umask: int
    open_files: int | None
    limit_seconds: float
    limit_starts: int
    conditions: tuple[str, ...]
    description: str
    wanted_by: tuple[str, ...]
    also: tuple[str, ...] = ()
    user: str | None = None
    after: tuple[str, ...] = field(default=())


def parse(name: str, text: str) -> Unit:
    """A unit from its file.

    Raises:
        UnitError: something in it cannot be honoured; the message names it.
    """
    found = unit_text.sections(text)
    refuse_unknown(found)
    service = Values(found.get("Service", {}), name)
    unit = Values(found.get("Unit", {}), name)
    install = Values(found.get("Install", {}), name)
    kind = service.one("Type", "simple")
    commands = service.commands("ExecStart")
    check_commands(kind, commands)
    limits = service if service.has("StartLimitInterval") else unit
    both = service.one("TimeoutSec", "90s")
    return Unit(
        name=name,
        kind=service.among("Type", TYPES, "simple"),
        start_pre=service.commands("ExecStartPre"),
        start=commands,
        start_post=service.commands("ExecStartPost"),
        stop=service.commands("ExecStop"),
        stop_post=service.commands("ExecStopPost"),
        environment=unit_text.environment(service.all("Environment")),
        environment_files=tuple(service.all("EnvironmentFile")),
        working_directory=service.one("WorkingDirectory", "/"),
        restart=service.among("Restart", RESTARTS, "no"),
        restart_seconds=unit_text.seconds(service.one("RestartSec", "100ms")),
        start_timeout=unit_text.seconds(
            service.one("TimeoutStartSec", "infinity" if kind == "oneshot" else both)
        ),
        stop_timeout=unit_text.seconds(service.one("TimeoutStopSec", both)),
        kill_signal=signal_named(service.one("KillSignal", "SIGTERM")),
        kill_mode=service.among("KillMode", KILL_MODES, "control-group"),
        success=statuses(service.one("SuccessExitStatus", "")) | {0, *(-s for s in CLEAN_SIGNALS)},
        prevent_restart=statuses(service.one("RestartPreventExitStatus", "")),
        remain=unit_text.boolean(service.one("RemainAfterExit", "no")),
        output=output(service.one("StandardOutput", "journal")),
        errors=output(service.one("StandardError", "inherit")),
        umask=int(service.one("UMask", "0022"), 8),
        open_files=number_of_files(service.one("LimitNOFILE", "")),
        limit_seconds=unit_text.seconds(
            limits.one("StartLimitIntervalSec", limits.one("StartLimitInterval", "10s"))
        ),
        limit_starts=int(unit.one("StartLimitBurst", service.one("StartLimitBurst", "5"))),
        conditions=tuple(unit.all("ConditionPathExists")),
        description=unit.one("Description", name),
        wanted_by=tuple(" ".join(install.all("WantedBy") + install.all("RequiredBy")).split()),
        also=tuple(" ".join(install.all("Also")).split()),
        user=service.one("User", "") or None,
        after=tuple(" ".join(unit.all("After")).split()),
    )


class Values:
    """The assignments of one section."""

    def __init__(self, assignments: dict[str, list[str]], unit: str) -> None:
        self._assignments = assignments
        self._unit = unit

    def has(self, name: str) -> bool:
        """Whether there is an assignment."""
        return bool(self._assignments.get(name))

    def all(self, name: str) -> list[str]:
        """Every value, with the unit's own names in the place of `%n` and the like."""
        return [specified(value, self._unit) for value in self._assignments.get(name, [])]

    def one(self, name: str, default: str) -> str:
        """The last value."""
        return (self.all(name) or [default])[-1]

    def among(self, name: str, known: set[str], default: str) -> str:
        """The last value, if it is one that somebody carries out."""
        value = self.one(name, default)
        if value not in known:
            raise UnitError(f"{name}={value} is not emulated")
        return value

    def commands(self, name: str) -> tuple[Command, ...]:
        """The command lines of an Exec directive."""
        return tuple(unit_text.command(value) for value in self.all(name))


def refuse_unknown(found: Sections) -> None:
    """Name the first directive that nobody carries out."""
    for section, assignments in found.items():
        if section.startswith("X-"):
            continue
        if section not in DONE:
            raise UnitError(f"the section [{section}] is not emulated")
        for name in assignments:
            if name not in DONE[section] | SAID_ONLY[section] and not name.startswith("X-"):
                raise UnitError(f"the directive {name}= of [{section}] is not emulated")


def check_commands(kind: str, commands: tuple[Command, ...]) -> None:
    """As systemd does before it loads a unit."""
    if not commands:
        raise UnitError("the service has no ExecStart=")
    if len(commands) > 1 and kind != "oneshot":
        raise UnitError("the service has more than one ExecStart=, which Type=oneshot alone may")


def specified(value: str, unit: str) -> str:
    """The value with its specifiers replaced."""
    stem = unit.rpartition(".")[0]
    known = {"%%": "%", "%n": unit, "%N": stem, "%p": stem.partition("@")[0], "%t": "/run"}
    known |= {"%S": "/var/lib", "%C": "/var/cache", "%L": "/var/log", "%E": "/etc", "%T": "/tmp"}

    def replace(match: re.Match[str]) -> str:
        if match[0] not in known:
            raise UnitError(f"the specifier {match[0]} is not emulated")
        return known[match[0]]

    return re.sub(r"%.", replace, value)


def signal_named(name: str) -> signal.Signals:
    """A signal by name or number."""
    try:
        return (
            signal.Signals(int(name))
            if name.isdigit()
            else signal.Signals["SIG" + name.removeprefix("SIG")]
        )
    except (KeyError, ValueError) as error:
        raise UnitError(f"{name!r} is no signal") from error


def statuses(value: str) -> frozenset[int]:
    """Exit codes and signals; a signal is its negative number."""
    return frozenset(int(word) if word.isdigit() else -signal_named(word) for word in value.split())


def output(value: str) -> str:
    """Where output goes: the journal, nowhere, or a file as `append:/path`."""
    found = OUTPUT.fullmatch(value)
    if not found or found[1] == "tty":
        raise UnitError(f"the output {value!r} is not emulated")
    return value


def number_of_files(value: str) -> int | None:
    """The soft limit of open files."""
    soft = value.partition(":")[0]
    if not soft or soft == "infinity":
        return None
    try:
        return int(soft)
    except ValueError as error:
        raise UnitError(f"LimitNOFILE={value} is no number") from error
