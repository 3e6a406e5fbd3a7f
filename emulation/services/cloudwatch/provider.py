"""CloudWatch's wire: metrics, alarms, dashboards; streams, rules and the rest are refused."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.services.plugins import ServiceLifecycleHook

from emulation.services.cloudwatch import (
    alarms,
    composites,
    dashboards,
    data,
    describing,
    detectors,
    graphs,
    listing,
    queries,
    tags,
)
from emulation.services.cloudwatch.evaluator import EVALUATOR
from emulation.services.cloudwatch.store import Members
from emulation.services.operations import named
from emulation.services.scope import Scope


def operation(name: str, work: Callable[[Scope, Members], Members | None]) -> Any:
    """An operation of the API."""

    def call(_self: Any, context: RequestContext, request: Members) -> Members | None:
        return work(Scope.of(context), request)

    return named(name, call)


class CloudWatchProvider(ServiceLifecycleHook):
    """The operations that are carried out; all others are refused by name."""

    service = "cloudwatch"

    get_metric_data = operation("GetMetricData", queries.get_metric_data)
    get_metric_statistics = operation("GetMetricStatistics", queries.get_metric_statistics)
    list_metrics = operation("ListMetrics", listing.list_metrics)

    put_metric_alarm = operation("PutMetricAlarm", alarms.put)
    put_composite_alarm = operation("PutCompositeAlarm", composites.put)
    delete_alarms = operation("DeleteAlarms", alarms.delete)
    describe_alarms = operation("DescribeAlarms", describing.describe)
    describe_alarms_for_metric = operation("DescribeAlarmsForMetric", describing.for_metric)
    describe_alarm_history = operation("DescribeAlarmHistory", describing.history)
    set_alarm_state = operation("SetAlarmState", alarms.set_state)
    enable_alarm_actions = operation("EnableAlarmActions", alarms.enable)
    disable_alarm_actions = operation("DisableAlarmActions", alarms.disable)

    put_anomaly_detector = operation("PutAnomalyDetector", detectors.put)
    delete_anomaly_detector = operation("DeleteAnomalyDetector", detectors.delete)
    describe_anomaly_detectors = operation("DescribeAnomalyDetectors", detectors.describe)

    put_dashboard = operation("PutDashboard", dashboards.put)
    get_dashboard = operation("GetDashboard", dashboards.get)
    list_dashboards = operation("ListDashboards", dashboards.listed)
    delete_dashboards = operation("DeleteDashboards", dashboards.delete)

    get_metric_widget_image = operation("GetMetricWidgetImage", graphs.get_image)

    tag_resource = operation("TagResource", tags.tag)
    untag_resource = operation("UntagResource", tags.untag)
    list_tags_for_resource = operation("ListTagsForResource", tags.listed)

    @handler("PutMetricData", expand=False)
    def put_metric_data(self, context: RequestContext, request: Members) -> None:
        """Keep data."""
        data.put(Scope.of(context), request, internal=context.is_internal_call)

    def on_after_init(self) -> None:
        """The alarms of the last run are evaluated from now on."""
        EVALUATOR.start()
        composites.start()
