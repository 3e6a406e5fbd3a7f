"""Where the copies of data sets in SPICE lie."""

from pathlib import Path

from emulation.compute.visuals.errors import DataError
from emulation.services.quicksight.store import Members, root
from emulation.services.scope import Scope


def copies_folder(scope: Scope, data_set: str) -> Path:
    """The folder of a data set's copy."""
    return root() / scope.account / scope.region / "spice" / data_set


def copy_path(scope: Scope, data_set: Members) -> Path:
    """The file of the last ingestion that completed.

    Raises:
        DataError: none has.
    """
    name = data_set.get("Copy")
    path = copies_folder(scope, data_set["Id"]) / f"{name}.parquet"
    if not name or not path.exists():
        raise DataError(f"Data set {data_set['Name']} has no data in SPICE yet.")
    return path
