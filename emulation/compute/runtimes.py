"""The stand-ins for AWS's runtimes: which interpreter runs a function, a job, a container.

Each is a Python environment of its own below `.venv/runtimes`, with what the service's runtime
holds and nothing else: our distribution is in none of them, so code that forgot to ship a module
fails here as it fails on AWS. `make setup` builds them from the dependency groups of the same
names, at the versions of the one lock file.
"""

import sys
from pathlib import Path

RUNTIMES = ("lambda", "glue", "sagemaker", "ec2", "codebuild")


def runtimes_folder() -> Path:
    """Where the environments are: beside the packages of the interpreter that runs the emulator."""
    return Path(sys.prefix) / "runtimes"


def interpreter(runtime: str) -> Path:
    """The Python of a runtime.

    Raises:
        FileNotFoundError: the environment is not built; the message says how to build it.
    """
    python = runtimes_folder() / runtime / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError(f"the {runtime} runtime is not installed: run `make setup`")
    return python


def site_packages(runtime: str) -> Path:
    """The packages of a runtime."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return runtimes_folder() / runtime / "lib" / version / "site-packages"
