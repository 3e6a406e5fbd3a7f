"""`python -m emulation`: run the gateway in this process until it is told to stop."""

import argparse
import fcntl
import logging
import os
import signal
import sys
from pathlib import Path
from typing import IO

from emulation import log_noise
from emulation.settings import EmulationSettings, gateway_environment, settings


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; each option is the setting of the same name."""
    parser = argparse.ArgumentParser(prog="python -m emulation", description=__doc__)
    parser.add_argument("--host", help="address to listen on")
    parser.add_argument("--port", type=int, help="port to listen on")
    parser.add_argument("--state-folder", help="folder of everything that survives a restart")
    return parser.parse_args(arguments)


def apply_arguments(options: argparse.Namespace) -> EmulationSettings:
    """Settings with the command line over the environment, the same for the whole process."""
    for name, value in vars(options).items():
        if value is not None:
            os.environ[f"EMULATION_{name.upper()}"] = str(value)
    return settings()


def run(options: EmulationSettings) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    os.environ.update(gateway_environment(options))
    from localstack import constants
    from localstack.logging.setup import setup_logging_from_config
    from localstack.runtime import current

    # The one line that a person or a script waits for.
    constants.READY_MARKER_OUTPUT = f"emulation ready on {options.endpoint_url}"
    setup_logging_from_config()
    log_noise.silence()
    logging.getLogger("emulation").setLevel(options.log_level.upper())
    runtime = current.initialize_runtime()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: runtime.exit(0))
    runtime.run()
    return int(runtime.exit_code)


def lock_state(folder: Path) -> IO[str]:
    """Keep a state folder to one emulator; the lock is the open file's.

    Raises:
        SystemExit: another emulator holds it.
    """
    lock = (folder / "emulator.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SystemExit(f"another emulator runs on the state folder {folder}") from error
    return lock


def main() -> None:
    """Run and end for good: a request that still waits for its client does not keep us."""
    options = apply_arguments(parse_arguments(sys.argv[1:]))
    with lock_state(options.folder()):
        code = run(options)
        logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    main()
