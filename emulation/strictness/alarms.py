"""An alarm that is listed after a restart is evaluated again, whatever its account and region.

LocalStack asks every region that AWS has for the alarms of its one default account. Those of other
accounts keep the state that they had, for ever; and each region of another partition (China, the
governments' clouds) is answered as us-east-1, with a warning in the log.
"""

from typing import Any

from localstack.services.cloudwatch.alarm_scheduler import AlarmScheduler
from localstack.services.cloudwatch.models import LocalStackMetricAlarm, cloudwatch_stores
from localstack.utils.patch import patch


def apply() -> None:
    """Patch the running gateway; called once, before it serves."""
    patch(AlarmScheduler.restart_existing_alarms)(restart_all)


def restart_all(_: Any, scheduler: AlarmScheduler) -> None:
    """Evaluate the metric alarms of all accounts from now on."""
    stores = [store for regions in cloudwatch_stores.values() for store in regions.values()]
    for store in stores:
        for arn, alarm in list(store.alarms.items()):
            if isinstance(alarm, LocalStackMetricAlarm):
                scheduler.schedule_metric_alarm(arn)
