"""The quotas that are kept to."""

from emulation.services.elbv2 import actions, conditions, listeners, rules, targets
from emulation.services.elbv2.finding import page
from emulation.services.elbv2.store import Members
from emulation.services.scope import Scope

LIMITS = {
    "condition-values-per-alb-rule": conditions.MOST_VALUES,
    "listeners-per-application-load-balancer": listeners.MOST,
    "rules-per-application-load-balancer": rules.MOST,
    "target-groups-per-action-on-application-load-balancer": actions.MOST_GROUPS,
    "targets-per-target-group": targets.MOST,
}


def describe(_: Scope, request: Members) -> Members:
    """DescribeAccountLimits."""
    return page(request, "Limits", [{"Name": n, "Max": str(most)} for n, most in LIMITS.items()])
