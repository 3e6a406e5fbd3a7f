"""The one image: Amazon Linux 2023's contract on the programs of this machine.

It has the commands that user data there calls - `aws`, `python3.13` with pip and nothing else,
`systemctl`, `dnf`, `useradd` - and a folder of wheels, because instances reach no index: `make
setup` brings the wheels of boto3 as they are locked (`image_setup`). What user data asks of the
image beyond that fails as it would with a package that does not exist.
"""

import sys
from pathlib import Path

from emulation.compute.runtimes import runtimes_folder

PROGRAMS = Path(__file__).with_name("image")

COMMANDS = {
    "systemctl": "systemctl.py",
    "poweroff": "systemctl.py",
    "halt": "systemctl.py",
    "reboot": "systemctl.py",
    "shutdown": "systemctl.py",
    "dnf": "dnf.py",
    "yum": "dnf.py",
    "useradd": "useradd.py",
    "groupadd": "useradd.py",
    "journalctl": "journalctl.py",
}
"""Commands that are programs of ours."""


def tools_folder() -> Path:
    """The environment of the AWS CLI."""
    return runtimes_folder().resolve() / "ec2"


def python_folder() -> Path:
    """The environment that `python3.13` is: pip and nothing else."""
    return runtimes_folder().resolve() / "ec2-python"


def wheels_folder() -> Path:
    """The wheels that pip finds."""
    return runtimes_folder().resolve() / "ec2-wheels"


def needed_folders() -> list[Path]:
    """What an instance must see of this machine beside its programs."""
    base = Path(sys.base_prefix).resolve()
    ours = [tools_folder(), python_folder(), wheels_folder()]
    return ours if base == Path("/usr") else [base, *ours]


def base_python() -> Path:
    """The interpreter that the environments stand on, which every instance sees."""
    return Path(sys.executable).resolve()


def lay_commands(folder: Path) -> Path:
    """Write the image's commands.

    Raises:
        FileNotFoundError: the image is not installed; the message says how to install it.
    """
    if not (wheels_folder() / "complete").exists() or not (tools_folder() / "bin/aws").exists():
        raise FileNotFoundError("the image of EC2 instances is not installed: run `make setup`")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in commands().items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            written = folder / f".{name}"
            written.write_text(text)
            written.chmod(0o755)
            written.replace(path)
    return folder


def commands() -> dict[str, str]:
    """The text of each command."""
    python = python_folder() / "bin" / "python"
    found = {
        name: f"#!{base_python()} -IS\n{(PROGRAMS / program).read_text()}"
        for name, program in COMMANDS.items()
    }
    for name in ("python3.13", "python3"):
        found[name] = f'#!/bin/sh\nexec "{python}" "$@"\n'
    for name in ("pip3.13", "pip3"):
        found[name] = f'#!/bin/sh\nexec "{python}" -m pip "$@"\n'
    found["aws"] = f'#!/bin/sh\nexec "{tools_folder() / "bin" / "aws"}" "$@"\n'
    return found
