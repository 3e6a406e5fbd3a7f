"""Lambda: flights were processed, or a window was looked at, so the warehouse is loaded again.

What brings nothing new changes nothing, so it may be woken as often as anybody likes. An error of
AWS's is raised: EventBridge's events are tried twice more, and then the alarm rings.
"""

import logging
from typing import Any

from pipeline.handlers.settings import RenewalSettings
from pipeline.warehouse.load import Warehouse
from pipeline.warehouse.renewal import renew_flights, renew_windows
from pipeline.warehouse.spice import refresh

LOG = logging.getLogger()
LOG.setLevel(logging.INFO)


def handler(_event: dict[str, Any], _context: object) -> dict[str, bool]:
    """Renew flights, windows, and QuickSight's copy; what was new."""
    settings = RenewalSettings()
    where = Warehouse(
        settings.workgroup,
        settings.database,
        settings.lake_bucket,
        settings.copy_role_arn,
        secret=settings.secret_arn,
    )
    flights = renew_flights(where)
    windows = renew_windows(where, settings.endpoint)
    copied = bool(settings.data_set_arn) and refresh(settings.data_set_arn, flights.version)
    report = {"flights": flights.changed, "windows": windows.changed, "copy": copied}
    LOG.info("%s %s", report, flights.rows)
    return report
