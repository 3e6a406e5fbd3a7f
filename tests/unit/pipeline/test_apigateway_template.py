"""A deployment of API Gateway is a snapshot: the names in the template tell of what."""

import hashlib
import json

from pipeline.deploy.stacks import Template

SNAPSHOT = {
    f"AWS::ApiGateway::{noun}"
    for noun in ("RestApi", "Resource", "Method", "Model", "RequestValidator", "Authorizer")
} | {"AWS::ApiGateway::GatewayResponse"}


def declared() -> dict[str, dict]:
    return Template.of("api_gateway")._parsed["Resources"]


def digest() -> str:
    snapshot = {name: body for name, body in declared().items() if body["Type"] in SNAPSHOT}
    return hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode()).hexdigest()[:8]


def test_a_changed_api_is_deployed_anew():
    names = {name for name, body in declared().items() if body["Type"].endswith("::Deployment")}
    assert names == {f"OpenDeployment{digest()}", f"TokenDeployment{digest()}"}


def test_every_method_is_deployed():
    methods = {name for name, body in declared().items() if body["Type"] in SNAPSHOT}
    waited = {"Method", "GatewayResponse"}
    wanted = {name for name in methods if declared()[name]["Type"].split("::")[-1] in waited}
    for body in declared().values():
        if body["Type"].endswith("::Deployment"):
            assert set(body["DependsOn"]) == wanted


def test_every_route_but_health_needs_a_key():
    methods = {
        name: body["Properties"]
        for name, body in declared().items()
        if body["Type"] == "AWS::ApiGateway::Method"
        and body["Properties"]["HttpMethod"] != "OPTIONS"
    }
    open_routes = {name for name, method in methods.items() if not method["ApiKeyRequired"]}
    assert open_routes == {"HealthMethod"}
