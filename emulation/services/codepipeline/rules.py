"""Conditions of stages and the rule that they can be made of: VariableCheck.

A condition holds when all of its rules do. One that does not hold before entry fails or skips the
stage; one on success fails it or rolls it back.
"""

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from emulation.services.codepipeline.errors import invalid_stage, not_emulated
from emulation.services.codepipeline.store import Execution, Members, StageRun
from emulation.services.codepipeline.tasks import known_variables
from emulation.services.codepipeline.variables import UnresolvedError, resolve

GATES = {"beforeEntry": {"FAIL", "SKIP"}, "onSuccess": {"FAIL", "ROLLBACK"}}
RESULTS_OF_FAILURE = {"ROLLBACK", "RETRY"}
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "EQ": lambda variable, value: variable == value,
    "NE": lambda variable, value: variable != value,
    "CONTAINS": lambda variable, value: value in variable,
    "MATCHES": lambda variable, value: re.fullmatch(value, variable) is not None,
}
KEYS = ("Variable", "Value", "Operator")


def check_conditions(pipeline: Members, stage: Members, operation: str) -> None:
    """Raise what AWS refuses of a stage's conditions, or what nobody carries out."""
    for gate, results in GATES.items():
        for condition in (stage.get(gate) or {}).get("conditions", []):
            check_condition(pipeline, stage, gate, condition, results, operation)
    check_failure(pipeline, stage, stage.get("onFailure") or {}, operation)


def check_condition(
    pipeline: Members,
    stage: Members,
    gate: str,
    condition: Members,
    results: set[str],
    operation: str,
) -> None:
    """One condition: its result and its rules."""
    result = condition.get("result", "FAIL")
    if result not in results:
        raise invalid_stage(
            f"The result type {result} is not valid for the conditions in {gate} of stage "
            f"'{stage['name']}'"
        )
    if result == "ROLLBACK":
        check_mode(pipeline, "Success")
    for rule in condition.get("rules", []):
        check_rule(stage, rule, operation)


def check_mode(pipeline: Members, noun: str) -> None:
    """There is nothing to roll a parallel pipeline back to."""
    if pipeline["executionMode"] == "PARALLEL":
        raise invalid_stage(
            f"{noun} conditions with rollback result type cannot be added to a PARALLEL pipeline."
        )


def check_rule(stage: Members, rule: Members, operation: str) -> None:
    """One rule."""
    provider = rule["ruleTypeId"]["provider"]
    if provider != "VariableCheck":
        raise not_emulated(operation, f"the rule {provider}")
    given = rule.get("configuration") or {}
    for key in KEYS:
        if key not in given:
            raise invalid_stage(
                f"Rule configuration for rule '{rule['name']}' in stage '{stage['name']}' is "
                f"missing required configuration '{key}'"
            )
    if given["Operator"] not in OPERATORS:
        raise invalid_stage(
            f"Rule configuration for rule '{rule['name']}' in stage '{stage['name']}' has an "
            f"invalid Operator: {given['Operator']}"
        )


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
    if result == "ROLLBACK":
        check_mode(pipeline, "Failure")
    if result and result not in RESULTS_OF_FAILURE:
        raise invalid_stage(
            f"Failure conditions of stage '{stage['name']}' cannot have the result type {result}"
        )


def verdict(execution: Execution, stage: Members, stage_run: StageRun, gate: str) -> str:
    """The result of the stage's condition at a gate; nothing when it holds, or there is none."""
    conditions = (stage.get(gate) or {}).get("conditions", [])
    if not conditions:
        return ""
    (condition,) = conditions
    rules = [checked(execution, rule) for rule in condition.get("rules", [])]
    holds = all(rule["status"] == "Succeeded" for rule in rules)
    stage_run.conditions[gate] = {
        "status": "Succeeded" if holds else "Failed",
        "at": time.time(),
        "rules": rules,
    }
    return "" if holds else str(condition.get("result", "FAIL"))


def checked(execution: Execution, rule: Members) -> Members:
    """How a rule went."""
    told = {"name": rule["name"], "identifier": str(uuid.uuid4()), "at": time.time()}
    known = known_variables(execution)
    try:
        given = {key: resolve(rule["configuration"][key], known) for key in KEYS}
        holds = OPERATORS[given["Operator"]](given["Variable"], given["Value"])
    except (UnresolvedError, re.error) as error:
        return told | {"status": "Failed", "message": str(error)}
    if holds:
        return told | {"status": "Succeeded", "message": ""}
    words = f"'{given['Variable']}' {given['Operator']} '{given['Value']}'"
    return told | {"status": "Failed", "message": f"The variable check failed: {words}"}


def told_state(stage_run: StageRun, gate: str) -> Members | None:
    """A gate's conditions, as the pipeline's state tells them."""
    if gate not in stage_run.conditions:
        return None
    found = stage_run.conditions[gate]
    return {
        "latestExecution": {"status": found["status"]},
        "conditionStates": [
            {
                "latestExecution": {"status": found["status"], "lastStatusChange": found["at"]},
                "ruleStates": [rule_state(rule) for rule in found["rules"]],
            }
        ],
    }


def rule_state(rule: Members) -> Members:
    """A rule, as the pipeline's state tells it."""
    latest: Members = {
        "ruleExecutionId": rule["identifier"],
        "status": rule["status"],
        "lastStatusChange": rule["at"],
    }
    if rule["message"]:
        latest["errorDetails"] = {"code": "RuleFailed", "message": rule["message"]}
    return {"ruleName": rule["name"], "latestExecution": latest}
