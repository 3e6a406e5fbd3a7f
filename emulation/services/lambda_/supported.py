"""Which functions run here, and the sentence that refuses the others."""

from emulation.compute import lambda_languages
from emulation.compute.lambda_isolation import ISOLATIONS
from emulation.compute.processes import SUPERVISOR

DEFAULT_STORAGE_MB = 512


def check(package_type: str, runtime: str | None) -> None:
    """Refuse what cannot be run.

    Raises:
        NotImplementedError: naming what is missing.
        FileNotFoundError: the runtime is not installed; the message says how to install it.
    """
    if package_type == "Image":
        raise NotImplementedError("lambda functions with PackageType Image are not emulated")
    lambda_languages.find(runtime or "")


def check_storage(size_mb: int) -> None:
    """Refuse a size of /tmp that nothing would limit.

    Raises:
        NotImplementedError: the system lets no process have mounts of its own.
    """
    if size_mb != DEFAULT_STORAGE_MB and not ISOLATIONS.of(SUPERVISOR).limits_storage:
        raise NotImplementedError(
            f"lambda EphemeralStorage of {size_mb} MB is not emulated: this system lets no process "
            "have mounts of its own"
        )
