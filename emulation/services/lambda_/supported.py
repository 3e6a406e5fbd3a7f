"""Which functions run here, and the sentence that refuses the others."""

import platform

PYTHON = ("python3.12", "python3.13")


def check(package_type: str, runtime: str | None) -> None:
    """Refuse what cannot be run.

    Raises:
        NotImplementedError: naming what is missing.
    """
    if package_type == "Image":
        raise NotImplementedError("lambda functions with PackageType Image are not emulated")
    if runtime not in PYTHON:
        raise NotImplementedError(
            f"lambda runtime {runtime} is not emulated: functions run on {' and '.join(PYTHON)}"
        )


def description(runtime: str) -> str:
    """The runtime as INIT_START tells it; python3.12 code runs on this machine's 3.13, and it says
    so.
    """
    named = runtime.replace("python", "python:")
    return f"{named} (emulated by Python {platform.python_version()})"
