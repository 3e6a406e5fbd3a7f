"""Listeners: HTTP, each with a default action, and at a local port beside the gateway's."""

from emulation.services.elbv2 import actions, attributes, ports, tags
from emulation.services.elbv2.data_plane import DATA_PLANE
from emulation.services.elbv2.errors import (
    error,
    listener_not_found,
    not_emulated,
    validation_error,
)
from emulation.services.elbv2.finding import balancer_of, check_arn, listener_of, page
from emulation.services.elbv2.store import (
    LOCK,
    Listener,
    LoadBalancer,
    Members,
    Rule,
    listeners,
    new_id,
)
from emulation.services.scope import Scope

MOST = 50
REFUSED = ("SslPolicy", "Certificates", "AlpnPolicy", "MutualAuthentication")
LOCAL_URL = "terrarium.local_url"
"""An attribute that AWS does not have: where the listener is reached on this machine."""


def create(scope: Scope, request: Members) -> Members:
    """CreateListener; when it is answered, it listens."""
    with LOCK:
        balancer = balancer_of(scope, request)
        port, protocol = request.get("Port"), request.get("Protocol")
        if port is None:
            raise validation_error("A listener port must be specified")
        if not protocol:
            raise validation_error("A listener protocol must be specified")
        check_protocol("CreateListener", request)
        check_port(balancer, int(port))
        if len(balancer.listeners) >= MOST:
            raise error("TooManyListeners", "The maximum number of listeners has been reached")
        given = request.get("DefaultActions") or []
        made = actions.checked("CreateListener", balancer, given)
        arn = f"{balancer.arn.replace(':loadbalancer/', ':listener/')}/{new_id()}"
        default = Rule(rule_arn(arn), None, [], made)
        listener = Listener(arn, int(port), protocol, ports.local_port(int(port)), default)
        listener.tags = tags.read(request.get("Tags"))
        balancer.listeners[arn] = listener
        serve(balancer, listener)
        return {"Listeners": [told(balancer, listener)]}


def serve(balancer: LoadBalancer, listener: Listener) -> None:
    """Put a listener into effect, on another port where somebody was quicker to take its own."""
    balancer.save()
    DATA_PLANE.serve()
    if listener.arn in DATA_PLANE.refused:
        listener.local_port = ports.other_port()
        balancer.save()
        DATA_PLANE.serve()


def rule_arn(listener: str) -> str:
    """The ARN of a new rule."""
    return f"{listener.replace(':listener/', ':listener-rule/')}/{new_id()}"


def check_protocol(operation: str, request: Members) -> None:
    """TLS has no certificates here: there is no Certificate Manager."""
    protocol = request.get("Protocol") or "HTTP"
    if protocol == "HTTPS":
        raise not_emulated(operation, "the protocol HTTPS")
    if protocol != "HTTP":
        raise validation_error(f"Listener protocol '{protocol}' must be one of 'HTTPS, HTTP'")
    for member in REFUSED:
        if request.get(member):
            raise not_emulated(operation, member)


def check_port(balancer: LoadBalancer, port: int, but: str = "") -> None:
    """A port is in its bounds and has one listener."""
    if not 1 <= port <= 65535:
        raise validation_error(f"Listener port '{port}' must be between 1 and 65535")
    if any(other.port == port and other.arn != but for other in balancer.listeners.values()):
        raise error(
            "DuplicateListener",
            f"A listener already exists on this port for this load balancer '{balancer.arn}'",
        )


def modify(scope: Scope, request: Members) -> Members:
    """ModifyListener."""
    with LOCK:
        balancer, listener = listener_of(scope, request)
        check_protocol("ModifyListener", request)
        port = int(request.get("Port") or listener.port)
        check_port(balancer, port, listener.arn)
        if request.get("DefaultActions"):
            given = request["DefaultActions"]
            listener.default.actions = actions.checked("ModifyListener", balancer, given)
        if port != listener.port:
            listener.port, listener.local_port = port, ports.local_port(port)
        serve(balancer, listener)
        return {"Listeners": [told(balancer, listener)]}


def delete(scope: Scope, request: Members) -> Members:
    """DeleteListener, with its rules."""
    with LOCK:
        balancer, listener = listener_of(scope, request)
        del balancer.listeners[listener.arn]
        balancer.save()
        DATA_PLANE.serve()
    return {}


def describe(scope: Scope, request: Members) -> Members:
    """DescribeListeners: those of a load balancer, or those named."""
    arns = request.get("ListenerArns") or []
    with LOCK:
        if request.get("LoadBalancerArn"):
            balancer = balancer_of(scope, request)
            found = [(balancer, listener) for listener in balancer.listeners.values()]
        elif arns:
            for arn in arns:
                check_arn("listener", arn)
            found = [item for item in listeners(scope) if item[1].arn in arns]
            if len(found) < len(set(arns)):
                raise listener_not_found()
        else:
            raise validation_error("You must specify either listener ARNs or a load balancer ARN")
        return page(request, "Listeners", [told(*item) for item in found])


def told(balancer: LoadBalancer, listener: Listener) -> Members:
    """A listener as the API has it."""
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": balancer.arn,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": listener.default.actions,
    }


def describe_attributes(scope: Scope, request: Members) -> Members:
    """DescribeListenerAttributes, and where the listener is reached."""
    with LOCK:
        _, listener = listener_of(scope, request)
        return {"Attributes": shown(listener)}


def shown(listener: Listener) -> list[Members]:
    """A listener's attributes as the API has them."""
    address = {LOCAL_URL: f"http://{ports.ADDRESS}:{listener.local_port}"}
    return attributes.listed(attributes.of_listener(listener) | address)


def modify_attributes(scope: Scope, request: Members) -> Members:
    """ModifyListenerAttributes; the answer is all of them."""
    with LOCK:
        balancer, listener = listener_of(scope, request)
        listener.attributes |= attributes.read("Listener", attributes.OF_LISTENER, request)
        balancer.save()
        DATA_PLANE.serve()
        return {"Attributes": shown(listener)}


def describe_certificates(scope: Scope, request: Members) -> Members:
    """DescribeListenerCertificates: listeners here have none."""
    with LOCK:
        listener_of(scope, request)
    return {"Certificates": []}
