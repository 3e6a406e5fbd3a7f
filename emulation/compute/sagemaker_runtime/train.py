"""`train` of a script-mode image: runs the user's program as AWS's training toolkit would.

A plain program of the container, run by path in the SageMaker runtime: nothing of the emulator is
in reach. The platform has put the source into `/opt/ml/code`.
"""

import json
import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

BASE = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))  # noqa: TID251 - a program's own
CODE = BASE / "code"
RESERVED = "sagemaker_"
FAILURE_EXIT = 1


def read_config(name: str) -> dict[str, Any]:
    """One of the files that the platform wrote."""
    path = BASE / "input" / "config" / f"{name}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


def decode(text: str) -> Any:
    """A hyperparameter's value: the SDK writes JSON, people write plain text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_text(value: object) -> str:
    """A value as an environment variable has it."""
    return value if isinstance(value, str) else json.dumps(value)


def as_argument(value: object) -> str:
    """A value as the command line has it."""
    if isinstance(value, dict):
        return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
    return str(value)


def user_arguments(hyperparameters: dict[str, Any]) -> list[str]:
    """`--name value`, sorted by name."""
    arguments = []
    for name in sorted(hyperparameters):
        dashes = "--" if len(name) > 1 else "-"
        arguments += [f"{dashes}{name}", as_argument(hyperparameters[name])]
    return arguments


def script_mode_variables(
    hyperparameters: dict[str, Any], reserved: dict[str, Any], program: str
) -> dict[str, str]:
    """The SM_* variables: made by the image, not by the platform."""
    resources = read_config("resourceconfig")
    channels = read_config("inputdataconfig")
    values: dict[str, Any] = {
        "MODEL_DIR": str(BASE / "model"),
        "INPUT_DIR": str(BASE / "input"),
        "INPUT_CONFIG_DIR": str(BASE / "input" / "config"),
        "INPUT_DATA_CONFIG": channels,
        "OUTPUT_DIR": str(BASE / "output"),
        "OUTPUT_DATA_DIR": str(BASE / "output" / "data"),
        "OUTPUT_INTERMEDIATE_DIR": str(BASE / "output" / "intermediate"),
        "CHANNELS": sorted(channels),
        "HPS": hyperparameters,
        "HOSTS": resources.get("hosts", ["algo-1"]),
        "CURRENT_HOST": resources.get("current_host", "algo-1"),
        "CURRENT_INSTANCE_TYPE": resources.get("current_instance_type", ""),
        "CURRENT_INSTANCE_GROUP": resources.get("current_group_name", ""),
        "NETWORK_INTERFACE_NAME": resources.get("network_interface_name", "lo"),
        "RESOURCE_CONFIG": resources,
        "NUM_CPUS": os.cpu_count() or 1,
        "NUM_GPUS": 0,
        "NUM_NEURONS": 0,
        "LOG_LEVEL": reserved.get("sagemaker_container_log_level", 20),
        "USER_ENTRY_POINT": program,
        "USER_ARGS": user_arguments(hyperparameters),
        "MODULE_NAME": Path(program).stem,
        "MODULE_DIR": reserved.get("sagemaker_submit_directory", str(CODE)),
        "FRAMEWORK_MODULE": "sagemaker_sklearn_container.training:main",
    }
    values |= {f"CHANNEL_{name.upper()}": str(BASE / "input" / "data" / name) for name in channels}
    values |= {f"HP_{name.upper()}": value for name, value in hyperparameters.items()}
    values["TRAINING_ENV"] = {name.lower(): value for name, value in values.items()}
    return {f"SM_{name}": as_text(value) for name, value in values.items()}


def user_command(program: str, arguments: list[str]) -> list[str]:
    """How the program is started: a shell script, a package with a setup.py, or a Python file."""
    if program.endswith(".sh"):
        return ["/bin/sh", "-c", f'./{program} "$@"', program, *arguments]
    if (CODE / "setup.py").exists():
        return [sys.executable, "-m", program.removesuffix(".py"), *arguments]
    return [sys.executable, "--", program, *arguments]


def missing_requirements(path: Path) -> list[str]:
    """What `requirements.txt` asks for and the runtime lacks: nothing is downloaded here."""
    if not path.exists():
        return []
    lines = (line.split("#", 1)[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-") and not satisfied(line)]


def satisfied(line: str) -> bool:
    """Whether an installed package does."""
    requirement = Requirement(line)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def fail(kind: str, code: int, message: str, command: str) -> int:
    """Say why, in the toolkit's form; the exit code."""
    text = f'{kind}:\nExitCode {code}\nErrorMessage "{message}"\nCommand "{command}"'
    sys.stderr.write(f"{text}\n")
    (BASE / "output" / "failure").write_text(text)
    return code if code > 0 else 128 - code


def run(command: list[str], variables: dict[str, str]) -> int:
    """Run the user's program to its end; TERM goes to the whole group, so it has it already."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    paths = [str(CODE), *filter(None, [os.environ.get("PYTHONPATH")])]  # noqa: TID251
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(paths)}  # noqa: TID251
    return subprocess.run(command, cwd=CODE, env=environment, check=False).returncode


def main() -> int:
    """Train; the exit code."""
    decoded = {name: decode(text) for name, text in read_config("hyperparameters").items()}
    reserved = {name: value for name, value in decoded.items() if name.startswith(RESERVED)}
    hyperparameters = {name: decoded[name] for name in decoded if name not in reserved}
    program = str(reserved.get("sagemaker_program", ""))
    if not program or not (CODE / program).exists():
        return fail("ExecuteUserScriptError", FAILURE_EXIT, no_program(program), program)
    missing = missing_requirements(CODE / "requirements.txt")
    if missing:
        message = f"not installed here, and nothing is downloaded: {', '.join(missing)}"
        install = f"{sys.executable} -m pip install -r requirements.txt"
        return fail("InstallRequirementsError", FAILURE_EXIT, message, install)
    command = user_command(program, user_arguments(hyperparameters))
    variables = script_mode_variables(hyperparameters, reserved, program)
    sys.stdout.write(f"Invoking script with the following command:\n\n{' '.join(command)}\n\n")
    sys.stdout.flush()
    code = run(command, variables)
    return fail("ExecuteUserScriptError", code, "", " ".join(command)) if code else 0


def no_program(program: str) -> str:
    """Why there is nothing to run."""
    if not program:
        return "the hyperparameter sagemaker_program names no script"
    return f"no file {program} in the source directory"


if __name__ == "__main__":
    sys.exit(main())
