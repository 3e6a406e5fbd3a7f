"""Job arguments: which of Glue's own special ones are computed, which refused, and what the script
sees of them.
"""

from collections.abc import Iterable, Mapping

from emulation.services.glue.errors import InvalidInputError

REFUSED = (
    "--additional-python-modules",
    "--datalake-formats",
    "--enable-glue-datacatalog",
    "--class",
)
"""Arguments that change what a script computes, in ways that are not emulated."""

SWITCHES_OFF = ("false", "")
BOOKMARKS_OFF = "job-bookmark-disable"


def refuse_arguments(arguments: Mapping[str, str]) -> None:
    """Refuse what would be ignored silently, and what is no argument."""
    for name, value in arguments.items():
        if name in REFUSED and value.lower() not in SWITCHES_OFF:
            raise NotImplementedError(f"The Glue job argument {name} is not emulated")
    if arguments.get("--job-bookmark-option", BOOKMARKS_OFF) != BOOKMARKS_OFF:
        raise NotImplementedError("Glue job bookmarks are not emulated")
    if arguments.get("--job-language", "python") != "python":
        raise NotImplementedError("Glue jobs in Scala are not emulated")


def merged(
    defaults: Mapping[str, str], run: Mapping[str, str], fixed: Mapping[str, str]
) -> dict[str, str]:
    """A run's arguments over the job's; some cannot be overridden."""
    clash = sorted(set(run) & set(fixed))
    if clash:
        raise InvalidInputError(f"Cannot override non-overridable arguments: {', '.join(clash)}")
    arguments = {**defaults, **run, **fixed}
    refuse_arguments(arguments)
    return arguments


def command_line(job_name: str, run_id: str, arguments: Mapping[str, str]) -> list[str]:
    """What the script finds in `sys.argv` after its own name."""
    own = {
        "--JOB_ID": f"j_{run_id.removeprefix('jr_')[:64]}",
        "--JOB_RUN_ID": run_id,
        "--JOB_NAME": job_name,
        "--job-bookmark-option": BOOKMARKS_OFF,
    }
    return [part for pair in {**own, **arguments}.items() for part in pair]


def locations(arguments: Mapping[str, str], name: str) -> list[str]:
    """The S3 addresses of an argument that lists them with commas."""
    return [part.strip() for part in arguments.get(name, "").split(",") if part.strip()]


def spark_conf(arguments: Mapping[str, str]) -> dict[str, str]:
    """`--conf`: one setting, or several with ` --conf ` between them."""
    return pairs(arguments.get("--conf", "").split("--conf"))


def driver_environment(arguments: Mapping[str, str]) -> dict[str, str]:
    """`--customer-driver-env-vars`: `KEY=value` pairs with commas between them."""
    return pairs(arguments.get("--customer-driver-env-vars", "").split(","))


def pairs(parts: Iterable[str]) -> dict[str, str]:
    """The parts that have an equals sign, as names and values."""
    split = (part.strip().partition("=") for part in parts)
    return {name: value for name, equals, value in split if equals}
