"""The store as the data plane's plan."""

from typing import Any

from emulation.compute.load_balancing import plan
from emulation.services.ec2 import store as ec2
from emulation.services.elbv2 import attributes, redirects
from emulation.services.elbv2.store import (
    Listener,
    LoadBalancer,
    Members,
    Rule,
    Target,
    TargetGroup,
    all_balancers,
    all_groups,
    users_of,
)
from emulation.settings import settings

THIS_MACHINE = "127.0.0.1"


def whole(number: int) -> plan.Plan:
    """Everything that is to be served."""
    return plan.Plan(
        number,
        settings().endpoint_url,
        [balancer_plan(balancer) for balancer in all_balancers()],
        [group_plan(group) for group in all_groups() if users_of(group.scope, group.arn)],
    )


def balancer_plan(balancer: LoadBalancer) -> plan.Balancer:
    """A load balancer."""
    told = attributes.of_balancer(balancer)
    return plan.Balancer(
        arn=balancer.arn,
        account=balancer.account,
        region=balancer.region,
        dimension=balancer.full_name,
        zone=balancer.subnets[0]["ZoneName"],
        listeners=[listener_plan(listener) for listener in balancer.listeners.values()],
        idle_seconds=float(told["idle_timeout.timeout_seconds"]),
        drops_invalid_headers=told["routing.http.drop_invalid_header_fields.enabled"] == "true",
        forwarded_for=told["routing.http.xff_header_processing.mode"],
        forwarded_port=told["routing.http.xff_client_port.enabled"] == "true",
        log=log_file(balancer) if told["access_logs.s3.enabled"] == "true" else "",
    )


def log_file(balancer: LoadBalancer) -> str:
    """Where access is logged until it goes to S3."""
    folder = settings().folder("elbv2", "access-logs")
    return str(folder / f"{balancer.identifier}.log")


def listener_plan(listener: Listener) -> plan.Listener:
    """A listener with its rules."""
    told = attributes.of_listener(listener)
    return plan.Listener(
        arn=listener.arn,
        port=listener.port,
        local_port=listener.local_port,
        rules=[rule_plan(rule) for rule in listener.ordered()],
        server_header=told["routing.http.response.server.enabled"] == "true",
        headers={
            header: told[name] for name, header in attributes.RESPONSE_HEADERS.items() if told[name]
        },
    )


def rule_plan(rule: Rule) -> plan.Rule:
    """A rule; of its actions the last one decides, the others were refused."""
    return plan.Rule(
        priority=rule.priority,
        action=action_plan(rule.actions[-1]),
        conditions=[condition_plan(condition) for condition in rule.conditions],
    )


def action_plan(action: Members) -> plan.Action:
    """What happens with a request."""
    kind = action["Type"]
    if kind == "forward":
        config = action["ForwardConfig"]
        sticky = config["TargetGroupStickinessConfig"]
        return plan.Action(
            kind,
            shares=[
                plan.Share(share["TargetGroupArn"], share.get("Weight", 1))
                for share in config["TargetGroups"]
            ],
            sticky_seconds=sticky.get("DurationSeconds"),
        )
    if kind == "redirect":
        config = action["RedirectConfig"]
        status = int(config["StatusCode"].removeprefix("HTTP_"))
        return plan.Action(kind, status=status, location=redirects.pattern(config))
    config = action["FixedResponseConfig"]
    return plan.Action(
        kind,
        status=int(config["StatusCode"]),
        content_type=config.get("ContentType") or "",
        body=config.get("MessageBody") or "",
    )


CONFIGURATIONS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


def condition_plan(condition: Members) -> plan.Condition:
    """What a rule asks of a request."""
    field = condition["Field"]
    config: Members = condition[CONFIGURATIONS[field]]
    if field == "query-string":
        pairs = [(pair.get("Key"), pair["Value"]) for pair in config["Values"]]
        return plan.Condition(field, pairs=pairs)
    return plan.Condition(
        field,
        values=config.get("Values") or [],
        regular=config.get("RegexValues") or [],
        name=config.get("HttpHeaderName", ""),
    )


def group_plan(group: TargetGroup) -> plan.Group:
    """A target group with those of its targets that there is a place for."""
    told, is_function = attributes.of_group(group), group.kind == "lambda"
    found = [
        plan.Target(
            id=target.id,
            address=address,
            port=target.port or 0,
            zone="" if target.zone == "all" else target.zone,
            draining_until=target.draining_until,
        )
        for target in group.targets.values()
        if (address := address_of(group, target))
    ]
    return plan.Group(
        arn=group.arn,
        dimension=group.full_name,
        targets=found,
        is_function=is_function,
        check=check_plan(group.settings),
        algorithm=told.get("load_balancing.algorithm.type", "round_robin"),
        stickiness=stickiness_plan(told),
        slow_start=float(told.get("slow_start.duration_seconds", 0)),
        several_values=told.get("lambda.multi_value_headers.enabled") == "true",
    )


def check_plan(given: Members) -> plan.Check:
    """How targets are checked."""
    port = given.get("HealthCheckPort", "traffic-port")
    return plan.Check(
        enabled=given["HealthCheckEnabled"],
        path=given["HealthCheckPath"],
        port=None if port == "traffic-port" else int(port),
        interval=given["HealthCheckIntervalSeconds"],
        timeout=given["HealthCheckTimeoutSeconds"],
        healthy=given["HealthyThresholdCount"],
        unhealthy=given["UnhealthyThresholdCount"],
        codes=given["Matcher"]["HttpCode"],
    )


def stickiness_plan(told: dict[str, str]) -> plan.Stickiness:
    """Whether clients stay with their target."""
    if told["stickiness.enabled"] != "true":
        return plan.Stickiness()
    kind = told["stickiness.type"]
    seconds: Any = told[f"stickiness.{kind}.duration_seconds"]
    return plan.Stickiness(kind, int(seconds), told.get("stickiness.app_cookie.cookie_name", ""))


def address_of(group: TargetGroup, target: Target) -> str | None:
    """Where a target is; None while it cannot take requests."""
    if group.kind != "instance":
        return target.id
    # Instances are processes on this machine's network; their addresses are records.
    return THIS_MACHINE if instance_state(group, target) == "running" else None


def instance_state(group: TargetGroup, target: Target) -> str:
    """Where an instance is."""
    live = ec2.instances(group.scope).get(target.id)
    return live.instance.state if live else "terminated"
