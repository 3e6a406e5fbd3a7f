"""`python -m emulation.laptop up|down|status|logs`: the services of `compose.yaml` on this machine,
in the background.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from emulation.compute.compose import ComposeError
from emulation.laptop import commands
from emulation.laptop.place import Place
from emulation.laptop.settings import LaptopSettings


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m emulation.laptop", description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("compose.yaml"), help="the compose file")
    actions = parser.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up", help="start what does not run yet")
    up.add_argument("--wait", action="store_true", help="wait until everything is healthy")
    up.add_argument("--profile", action="append", default=[], help="a profile to switch on")
    actions.add_parser("down", help="stop everything")
    actions.add_parser("status", help="show what runs; exit code 1 when something does not")
    logs = actions.add_parser("logs", help="show the services' output")
    logs.add_argument("services", nargs="*", help="only these")
    logs.add_argument("--follow", "-f", action="store_true", help="go on showing")
    logs.add_argument("--lines", "-n", type=int, default=40, help="how many of each to begin with")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    options = parse_arguments(arguments)
    settings = LaptopSettings()
    place = Place(settings.emulation_state_folder.resolve())
    console = Console(highlight=False)
    try:
        match options.action:
            case "up":
                return commands.up(
                    commands.wanted(options.file, settings, frozenset(options.profile)),
                    place,
                    console,
                    wait_for_all=options.wait,
                )
            case "down":
                return commands.down(place, console)
            case "status":
                return commands.status(place, console)
            case _:
                return commands.logs(place, console, options)
    except ComposeError as error:
        console.print(f"[red]{error}[/]")
        return 1
    except KeyboardInterrupt:
        # What was started goes on in the background; another `up` shows where it is.
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
