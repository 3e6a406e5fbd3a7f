"""The warehouse: star schema and marts, loaded once for each state of the files and of the SQL."""

from pipeline.orchestration.run import Run, Show
from pipeline.warehouse.load import Progress, Warehouse
from pipeline.warehouse.renewal import renew_flights


def warehouse_of(run: Run) -> Warehouse:
    """Where it is, and what it is loaded from."""
    return Warehouse(
        workgroup=run.output("WarehouseWorkgroup"),
        database=run.output("WarehouseDatabase"),
        lake_bucket=run.output("LakeBucket"),
        copy_role=run.output("WarehouseCopyRoleArn"),
        secret=run.output("WarehouseSecretArn"),
    )


def load_warehouse(run: Run, show: Show) -> str:
    """Load, unless just this is loaded."""
    renewed = renew_flights(warehouse_of(run), _progress(show), run.settings.stage_seconds)
    run.learned["loaded"] = renewed.version
    marts = [name for name in renewed.rows if name.startswith("mart_")]
    return f"{renewed.rows['fact_flights']:,} flights, {len(marts)} marts"


def _progress(show: Show) -> Progress:
    def progress(what: str, done: int, total: int) -> None:
        show.count(done, total)
        show.say(f"{what}, {done} of {total} statements")

    return progress
