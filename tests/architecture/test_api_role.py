"""The API's role allows what `api/` calls, and nothing else."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from pipeline.deploy.stacks import Template

API = Path(__file__).parents[2] / "api"
SESSION = botocore.session.Session()

PREFIXES = {"elbv2": "elasticloadbalancing", "sagemaker-runtime": "sagemaker"}
"""IAM's name of a service, where it is another than boto3's."""
ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject"}
"""IAM's name of an operation, where it is another."""
BEHIND_OTHERS = {"redshift-serverless:GetCredentials"}
"""The Data API asks for them in the name of its caller."""


@cache
def operations(service: str) -> dict[str, str]:
    """Operations by the names of boto3's methods."""
    names = SESSION.get_service_model(service).operation_names
    return {xform_name(name): name for name in names}


def service_of(node: ast.AST) -> str:
    """The service of `clients("x")`; empty for anything else."""
    if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("clients"):
        return ""
    return str(ast.literal_eval(node.args[0]))


def clients(tree: ast.Module) -> dict[str, set[str]]:
    """The services that a module has clients of, by the names that it gives them."""
    found: dict[str, set[str]] = {"": {service_of(node) for node in ast.walk(tree)} - {""}}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (service := service_of(node.value)):
            names = (target.id for target in node.targets if isinstance(target, ast.Name))
            for name in names:
                found.setdefault(name, set()).add(service)
    return found


def calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Service and method of what is called; a client that was handed on is any of the module's."""
    named = clients(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of, method = node.func.value, node.func.attr
            if method == "get_paginator":
                method = ast.literal_eval(node.args[0])
            known = {service_of(of)} - {""} or named.get(ast.unparse(of)) or named[""]
            yield from ((service, method) for service in known)


def asked(source: str) -> set[str]:
    """The actions that a module needs."""
    needed = {
        f"{PREFIXES.get(service, service)}:{operations(service)[method]}"
        for service, method in calls(ast.parse(source))
        if method in operations(service)
    }
    return {ACTIONS.get(action, action) for action in needed}


def allowed() -> set[str]:
    policies = Template.of("api")._parsed["Resources"]["TaskRole"]["Properties"]["Policies"]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    lists = [one["Action"] for one in statements]
    return {action for told in lists for action in ([told] if isinstance(told, str) else told)}


def test_role_allows_what_is_called_and_nothing_else():
    needed = set().union(*(asked(path.read_text()) for path in API.rglob("*.py")))
    assert allowed() == needed | BEHIND_OTHERS


def test_calls_are_seen_by_name_and_by_paginator():
    source = 'ecs = clients("ecs")\necs.stop_task()\nclients("s3").get_paginator("list_objects_v2")'
    assert asked(source) == {"ecs:StopTask", "s3:ListBucket"}
