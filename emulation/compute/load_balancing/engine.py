"""The proxy as the emulator sees it: start, plan, reports, stop.

A process of its own, because a proxy must not wait for the gateway's threads
(docs/decisions/0020). It ends with the emulator; when it dies alone it is started again with the
plan that it had, on the ports that it had.
"""

import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from emulation.compute.load_balancing.plan import Plan, Report
from emulation.compute.processes import SUPERVISOR, Process, ProcessSpec, Status

LOG = logging.getLogger(__name__)

APPLY_SECONDS = 60.0
"""Longer than a busy machine needs to start the process."""

AGAIN_SECONDS = 1.0


class Engine:
    """One proxy for all load balancers."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], hear: Callable[[Report], None]
    ) -> None:
        self._folder = folder
        self._environment = environment
        self._hear = hear
        self._lock = threading.RLock()
        self._changed = threading.Condition()
        self._process: Process | None = None
        self._control: socket.socket | None = None
        self._plan: Plan | None = None
        self._applied: Report | None = None

    def serve(self, plan: Plan) -> dict[str, str]:
        """Put a plan into effect; the listeners whose port could not be had, and why.

        Raises:
            TimeoutError: the proxy does not take it.
        """
        with self._lock:
            self._plan = plan
            if self._process is None:
                self._start()
            else:
                self._send()
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_applied(plan.number), APPLY_SECONDS):
                raise TimeoutError("the load balancers' proxy does not take its plan")
            assert self._applied is not None
            return self._applied.refused

    @property
    def pid(self) -> int | None:
        """The number of the process that runs."""
        return self._process.pid if self._process else None

    def _is_applied(self, number: int) -> bool:
        return self._applied is not None and (self._applied.applied or 0) >= number

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = SUPERVISOR.start(
                ProcessSpec(
                    name="load-balancers",
                    command=[
                        sys.executable,
                        "-P",
                        "-m",
                        "emulation.compute.load_balancing",
                        str(theirs.fileno()),
                    ],
                    environment=self._environment,
                    folder=self._folder,
                    log=lambda line: LOG.warning("load balancers: %s", line),
                    grace_seconds=2.0,
                    pass_fds=[theirs.fileno()],
                ),
                self._ended,
            )
        self._control = ours
        threading.Thread(
            target=self._listen, args=(ours,), name="load-balancer-reports", daemon=True
        ).start()
        self._send()

    def _send(self) -> None:
        assert self._control is not None
        try:
            self._control.sendall(msgspec.json.encode(self._plan) + b"\n")
        except OSError:
            # It has just died, and gets the plan when it is back.
            LOG.debug("the proxy is gone")

    def _listen(self, control: socket.socket) -> None:
        decoder = msgspec.json.Decoder(Report)
        with control, control.makefile("rb") as lines:
            for line in lines:
                report = decoder.decode(line)
                if report.applied is None:
                    self._hear(report)
                    continue
                with self._changed:
                    self._applied = report
                    self._changed.notify_all()

    def _ended(self, process: Process) -> None:
        """Start it again, unless the emulator ends it."""
        with self._lock:
            self._process = None
            if process.status() is Status.STOPPED:
                return
        LOG.warning("the load balancers' proxy has died with %s", process.exit_code)
        time.sleep(AGAIN_SECONDS if time.time() - process.started < AGAIN_SECONDS else 0)
        with self._lock:
            if self._process is None:
                self._start()
