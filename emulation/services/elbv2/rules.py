"""Rules of a listener, in order of their priorities; the default is the last and cannot go."""

from emulation.services.elbv2 import actions, conditions, tags
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import (
    error,
    not_emulated,
    rule_not_found,
    validation_error,
)
from emulation.services.elbv2.finding import check_arn, listener_of, page, rule_by_arn, rule_of
from emulation.services.elbv2.listeners import rule_arn
from emulation.services.elbv2.store import LOCK, Members, Rule, listeners
from emulation.services.scope import Scope

MOST = 100
LAST = 50000


def create(scope: Scope, request: Members) -> Members:
    """CreateRule."""
    with LOCK:
        balancer, listener = listener_of(scope, request)
        refuse_transforms("CreateRule", request)
        priority = checked_priority(request.get("Priority"))
        if any(rule.priority == priority for rule in listener.rules.values()):
            raise in_use(priority)
        if len(listener.rules) >= MOST:
            raise error("TooManyRules", "The maximum number of rules has been reached")
        rule = Rule(
            rule_arn(listener.arn),
            priority,
            conditions.checked(request.get("Conditions") or []),
            actions.checked("CreateRule", balancer, request.get("Actions") or []),
            tags.read(request.get("Tags")),
        )
        listener.rules[rule.arn] = rule
        balancer.save()
        DATA_PLANE.serve()
        return {"Rules": [told(rule)]}


def refuse_transforms(operation: str, request: Members) -> None:
    """Nobody rewrites requests."""
    for member in ("Transforms", "ResetTransforms"):
        if request.get(member):
            raise not_emulated(operation, member)


def checked_priority(given: object) -> int:
    """A priority in its bounds."""
    if given is None:
        raise validation_error("A rule priority must be specified")
    priority = int(str(given))
    if not 1 <= priority <= LAST:
        raise validation_error(
            f"1 validation error detected: Value '{priority}' at 'priority' failed to satisfy "
            f"constraint: Member must have value between 1 and {LAST}"
        )
    return priority


def in_use(priority: int) -> Exception:
    """A priority that another rule has."""
    return error("PriorityInUse", f"Priority '{priority}' is currently in use")


def modify(scope: Scope, request: Members) -> Members:
    """ModifyRule: what is not given stays."""
    with LOCK:
        balancer, listener, rule = rule_of(scope, request)
        refuse_transforms("ModifyRule", request)
        given, wanted = request.get("Actions"), request.get("Conditions")
        if not given and not wanted:
            raise validation_error("Either conditions or actions must be specified")
        if rule is listener.default:
            raise error("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be modified")
        made = actions.checked("ModifyRule", balancer, given) if given else rule.actions
        rule.conditions = conditions.checked(wanted) if wanted else rule.conditions
        rule.actions = made
        balancer.save()
        DATA_PLANE.serve()
        return {"Rules": [told(rule)]}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteRule."""
    with LOCK:
        balancer, listener, rule = rule_of(scope, request)
        if rule is listener.default:
            raise error("OperationNotPermitted", f"Default rule '{rule.arn}' cannot be deleted")
        del listener.rules[rule.arn]
        balancer.save()
        DATA_PLANE.serve()
    return {}


def set_priorities(scope: Scope, request: Members) -> Members:
    """SetRulePriorities: all of them at once, so that two rules can change places."""
    with LOCK:
        given = request.get("RulePriorities") or []
        if not given:
            raise validation_error("At least one rule priority must be specified")
        found = [rule_by_arn(scope, pair.get("RuleArn", "")) for pair in given]
        wanted = [checked_priority(pair.get("Priority")) for pair in given]
        for (_, listener, rule), priority in zip(found, wanted, strict=True):
            if rule is listener.default:
                raise error(
                    "OperationNotPermitted", f"The priority of rule '{rule.arn}' cannot be set"
                )
            moved = {other.arn for _, place, other in found if place is listener}
            if any(r.priority == priority and r.arn not in moved for r in listener.rules.values()):
                raise in_use(priority)
        if len(set(wanted)) < len(wanted):
            raise in_use(next(p for p in wanted if wanted.count(p) > 1))
        for (_, _, rule), priority in zip(found, wanted, strict=True):
            rule.priority = priority
        for balancer in {balancer.arn: balancer for balancer, _, _ in found}.values():
            balancer.save()
        DATA_PLANE.serve()
        return {"Rules": [told(rule) for _, _, rule in found]}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeRules: those of a listener, or those named."""
    arns = request.get("RuleArns") or []
    with LOCK:
        if bool(arns) == bool(request.get("ListenerArn")):
            raise validation_error("You must specify either listener rule ARNs or a listener ARN")
        if not arns:
            _, listener = listener_of(scope, request)
            return page(request, "Rules", [told(rule) for rule in listener.ordered()])
        for arn in arns:
            check_arn("listener rule", arn)
        found = [
            rule
            for _, listener in listeners(scope)
            for rule in listener.ordered()
            if rule.arn in arns
        ]
        if len(found) < len(set(arns)):
            raise rule_not_found()
        return page(request, "Rules", [told(rule) for rule in found])


def told(rule: Rule) -> Members:
    """A rule as the API has it."""
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority is None,
    }
