"""A job's arguments, as Glue 6.0 reads them: names in full, unless `allow_abbrev` is asked for."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

OWN = {
    "JOB_ID": None,
    "JOB_RUN_ID": None,
    "SECURITY_CONFIGURATION": None,
    "encryption_type": None,
    "enable_data_lineage": None,
    "RedshiftTempDir": None,
    "TempDir": None,
    "job_bookmark_option": "job-bookmark-disable",
    "job_bookmark_from": None,
    "job_bookmark_to": None,
}
"""The service's own arguments: in every answer, asked for or not, with these defaults."""


class GlueArgumentError(Exception):
    """An argument that was asked for is not there."""


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(
    args: Sequence[str], options: Sequence[str], allow_abbrev: bool = False
) -> dict[str, Any]:
    """The values of the asked-for options, and of the service's own.

    Raises:
        GlueArgumentError: one of them is not among the arguments.
    """
    names = [option.removeprefix("--") for option in options]
    parser = _Parser(allow_abbrev=allow_abbrev, add_help=False)
    for name, default in OWN.items():
        if name not in names:
            flags = {f"--{name}", f"--{name.replace('_', '-')}"}
            parser.add_argument(*sorted(flags), dest=name, default=default)
    for name in names:
        parser.add_argument(f"--{name}", dest=name, required=True)
    parsed, _ = parser.parse_known_args(list(args)[1:])
    return vars(parsed)
