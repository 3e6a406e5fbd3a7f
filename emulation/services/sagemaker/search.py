"""Search: filters over the descriptions of training jobs, endpoints, and the model registry."""

import operator
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from localstack.aws.spec import load_service

from emulation.services.paging import page
from emulation.services.sagemaker import (
    endpoints,
    model_package_groups,
    model_packages,
    training_jobs,
)
from emulation.services.sagemaker.errors import (
    invalid_token,
    not_emulated,
    validation_exception,
)
from emulation.services.sagemaker.scope import Scope
from emulation.services.sagemaker.store import Members

OPERATION = "Search"
PAGE_SIZE = 10
METRICS = "Metrics"
"""A training job's final metrics, by name: `Metrics.loss`."""

RECORDS: dict[str, Callable[[Scope], Iterable[Members]]] = {
    "TrainingJob": lambda scope: (
        training_jobs.describe(scope, name) for name in list(scope.store.training_jobs)
    ),
    "Endpoint": lambda scope: (
        endpoints.describe(scope, name) for name in list(scope.store.endpoints)
    ),
    "ModelPackageGroup": lambda scope: (
        model_package_groups.describe(scope, name)
        for name in list(scope.store.model_package_groups)
    ),
    "ModelPackage": lambda scope: (
        model_packages.describe(scope, arn) for arn in list(scope.store.model_packages)
    ),
}

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def search(scope: Scope, request: Members) -> Members:
    """A page of the records that match, the last changed first."""
    resource = request["Resource"]
    if resource not in RECORDS:
        raise not_emulated(OPERATION, f"Resource {resource}")
    if "VisibilityConditions" in request:
        raise not_emulated(OPERATION, "VisibilityConditions")
    expression = request.get("SearchExpression", {})
    check_names(resource, [*names_of(expression), *filter(None, [request.get("SortBy")])])
    found = [record for record in records(scope, resource) if matches(expression, record)]
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        found = []
    by = request.get("SortBy", "LastModifiedTime")
    newest_first = request.get("SortOrder", "Descending") == "Descending"
    found.sort(key=lambda record: place(record, by), reverse=newest_first)
    some, more = page(request, found, invalid_token(), size=PAGE_SIZE)
    hits = {"Value": len(found), "Relation": "EqualTo"}
    results = [{resource: shaped(resource, record)} for record in some]
    return {"Results": results, "TotalHits": hits, **more}


def records(scope: Scope, resource: str) -> Iterator[Members]:
    """Descriptions with their tags."""
    for record in RECORDS[resource](scope):
        tags = scope.store.tags.get(record[f"{resource}Arn"], {})
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        yield {**record, **({"Tags": listed} if listed else {})}


def shaped(resource: str, record: Members) -> Members:
    """What the answer's shape has of a description."""
    return {name: value for name, value in record.items() if name in properties(resource)}


@cache
def properties(resource: str) -> frozenset[str]:
    """The members of a resource in the answer."""
    output: Any = load_service("sagemaker").operation_model(OPERATION).output_shape
    return frozenset(output.members["Results"].member.members[resource].members)


def names_of(expression: Members) -> Iterator[str]:
    """The properties that an expression asks for."""
    if "NestedFilters" in expression:
        raise not_emulated(OPERATION, "NestedFilters")
    for item in expression.get("Filters", []):
        yield item["Name"]
    for part in expression.get("SubExpressions", []):
        yield from names_of(part)


def check_names(resource: str, names: Iterable[str]) -> None:
    """Properties that the resource does not have are refused."""
    for name in names:
        if name.split(".")[0] not in {*properties(resource), METRICS}:
            raise validation_exception(f"Unknown property name: {name}")


def matches(expression: Members, record: Members) -> bool:
    """Whether a record is what the expression asks for; all of it, unless it says Or."""
    parts = [fulfils(item, record) for item in expression.get("Filters", [])]
    parts += [matches(part, record) for part in expression.get("SubExpressions", [])]
    either = expression.get("Operator", "And") == "Or"
    return any(parts) if either and parts else all(parts)


def fulfils(item: Members, record: Members) -> bool:
    """One filter."""
    values = list(at(record, item["Name"].split(".")))
    kind = item.get("Operator", "Equals")
    if kind in {"Exists", "NotExists"}:
        return bool(values) == (kind == "Exists")
    given = item.get("Value", "")
    if kind == "NotEquals":
        return not any(equal(value, given) for value in values)
    return any(compare(kind, value, given) for value in values)


def compare(kind: str, value: Any, given: str) -> bool:
    """Whether a value stands in the relation to the one that was given."""
    if kind == "Contains":
        return given.lower() in str(value).lower()
    if kind == "In":
        return any(equal(value, one.strip()) for one in given.split(","))
    if kind == "Equals":
        return equal(value, given)
    try:
        return ORDERED[kind](value, like(value, given))
    except ValueError as error:
        raise validation_exception(f"Invalid value in filter: {given}") from error


def equal(value: Any, given: str) -> bool:
    """Whether a value is the one that was given as text."""
    try:
        return bool(value == like(value, given))
    except ValueError:
        return False


def like(value: Any, text: str) -> Any:
    """A text as what it is compared with."""
    match value:
        case bool():
            return text.lower() == "true"
        case int() | float():
            return float(text)
        case datetime():
            time = datetime.fromisoformat(text)
            return time if time.tzinfo else time.replace(tzinfo=UTC)
        case _:
            return text


def at(value: Any, path: list[str]) -> Iterator[Any]:
    """The values at a path; lists have several, and those of names and values are maps."""
    if isinstance(value, list):
        for item in value:
            yield from at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict):
        name, *rest = path
        yield from at(step(value, name), rest)


def step(value: Members, name: str) -> Any:
    """A member; tags and metrics are found by their names."""
    if name == METRICS:
        return {item["MetricName"]: item["Value"] for item in value.get("FinalMetricDataList", [])}
    if name == "Tags":
        return {item["Key"]: item["Value"] for item in value.get("Tags", [])}
    return value.get(name, [])


def place(record: Members, by: str) -> tuple[bool, Any]:
    """Where a record is in the order; what lacks the property comes first."""
    found = next(at(record, by.split(".")), None)
    if found is None and by == "LastModifiedTime":
        found = record["CreationTime"]
    return found is not None, found if found is not None else 0
