"""Every AWS call in what we deploy is one that botocore's models know: operation and parameters."""

import ast
from dataclasses import dataclass
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).parents[2]
OF_CLIENTS = {"get_paginator", "get_waiter", "exceptions", "meta", "can_paginate"}
OF_BOTO3 = {"download_file", "download_fileobj", "generate_presigned_url", "upload_file"}
OF_PAGES = {"PaginationConfig", "WaiterConfig"}
SESSION = botocore.session.Session()


@dataclass(frozen=True)
class Call:
    """One call in the source; `words` are its keyword arguments."""

    where: str
    service: str
    operation: str
    words: tuple[str, ...]


class Calls(ast.NodeVisitor):
    """Follows `aws.client("x")`, directly or by a name, to the calls of its operations."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clients: dict[str, str] = {}
        self.pages: dict[str, tuple[str, str]] = {}
        self.found: list[Call] = []

    def visit_Assign(self, node: ast.Assign) -> None:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        if service := self.service_of(node.value):
            self.clients |= dict.fromkeys(names, service)
        if pages := self.pages_of(node.value):
            self.pages |= dict.fromkeys(names, pages)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            self.note(node, node.func)
        self.generic_visit(node)

    def note(self, node: ast.Call, function: ast.Attribute) -> None:
        words = tuple(word.arg for word in node.keywords if word.arg)
        where = f"{self.path.relative_to(ROOT)}:{node.lineno}"
        if service := self.service_of(function.value):
            if function.attr not in OF_CLIENTS | OF_BOTO3:
                self.found.append(Call(where, service, function.attr, words))
        elif pages := self.pages_of(function.value):
            self.found.append(Call(where, *pages, words))

    def service_of(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Name):
            return self.clients.get(node.id)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"aws.client", "client"}:
            (argument,) = node.args
            return argument.value if isinstance(argument, ast.Constant) else None
        return None

    def pages_of(self, node: ast.AST) -> tuple[str, str] | None:
        if isinstance(node, ast.Name):
            return self.pages.get(node.id)
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        service = self.service_of(node.func.value)
        if service is None or node.func.attr not in {"get_paginator", "get_waiter"}:
            return None
        return service, operation_behind(service, node.func.attr, node.args[0].value)


def operation_behind(service: str, kind: str, name: str) -> str:
    """The operation that a paginator or a waiter calls."""
    if kind == "get_paginator":
        return name
    waiters = SESSION.get_waiter_model(service)
    by_name = {xform_name(found): found for found in waiters.waiter_names}
    return xform_name(waiters.get_waiter(by_name[name]).operation)


def calls() -> list[Call]:
    found = []
    for package in ("pipeline", "api"):
        for path in sorted((ROOT / package).rglob("*.py")):
            visitor = Calls(path)
            visitor.visit(ast.parse(path.read_text()))
            found += visitor.found
    return found


def complaint(call: Call) -> str:
    model = SESSION.get_service_model(call.service)
    operations = {xform_name(name): name for name in model.operation_names}
    if call.operation not in operations:
        return f"{call.service} has no operation {call.operation}"
    shape = model.operation_model(operations[call.operation]).input_shape
    known = set(shape.members if shape else ()) | OF_PAGES
    unknown = set(call.words) - known
    return f"{call.operation} does not take {sorted(unknown)}" if unknown else ""


@pytest.mark.parametrize("call", calls(), ids=lambda call: f"{call.where} {call.operation}")
def test_call_is_in_the_model(call):
    assert complaint(call) == ""


def test_calls_are_found_at_all():
    assert {"cloudformation", "glue", "sagemaker", "s3"} <= {call.service for call in calls()}


def test_wrong_calls_are_seen():
    assert complaint(Call("", "s3", "put_objects", ())) == "s3 has no operation put_objects"
    assert (
        complaint(Call("", "s3", "put_object", ("Buket",))) == "put_object does not take ['Buket']"
    )
