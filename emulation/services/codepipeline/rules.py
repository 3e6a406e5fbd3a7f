"""Conditions of stages, and the rules that they are made of."""

from typing import Any

from emulation.services.codepipeline.errors import invalid_stage, not_emulated
from emulation.services.codepipeline.store import Members


def check_conditions(pipeline: Members, stage: Members, operation: str) -> None:
    """Raise what AWS refuses of a stage's conditions, or what nobody carries out."""
    for gate in ("beforeEntry", "onSuccess"):
        if stage.get(gate):
            raise not_emulated(operation, f"{gate} of a stage")
    check_failure(pipeline, stage, stage.get("onFailure") or {}, operation)


def check_failure(
    pipeline: Members, stage: Members, failure: dict[str, Any], operation: str
) -> None:
    """What happens when a stage fails: it is rolled back or tried again."""
    if failure.get("conditions"):
        if failure.get("result"):
            raise invalid_stage(
                "The following stage cannot have a failure exit gate configured with both top "
                f"level result and conditions: '{stage['name']}"
            )
        raise not_emulated(operation, "conditions in onFailure of a stage")
    result = failure.get("result")
    if result == "ROLLBACK" and pipeline["executionMode"] == "PARALLEL":
        raise invalid_stage(
            "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline."
        )
    if result in {"FAIL", "SKIP"}:
        raise invalid_stage(
            f"Failure conditions of stage '{stage['name']}' cannot have the result type {result}"
        )
