"""Resource policies of streams and consumers: checked and kept. No access is decided by them, as
none is anywhere in the emulator.
"""

import json
from dataclasses import replace
from typing import Any

from localstack.aws.api import RequestContext

from emulation.services.kinesis import errors, store

NONE = "{}"
"""What AWS answers where no policy is."""

MAX_BYTES = 20 * 1024
EFFECTS = {"Allow", "Deny"}
VERSIONS = {"2012-10-17", "2008-10-17"}


def put(context: RequestContext, request: dict[str, Any]) -> None:
    """Keep a policy, in the place of the one before."""
    stream, consumer = store.find_resource(context, request["ResourceARN"])
    policy = request["Policy"]
    if fault := _fault(policy, request["ResourceARN"]):
        raise errors.invalid_argument(f"Invalid resource policy: {fault}")
    if consumer:
        store.change_consumer(stream, consumer, replace(consumer, policy=policy))
    else:
        stream.change(policy=policy)


def get(context: RequestContext, request: dict[str, Any]) -> dict[str, Any]:
    """The answer of GetResourcePolicy."""
    stream, consumer = store.find_resource(context, request["ResourceARN"])
    policy = consumer.policy if consumer else stream.state.policy
    return {"Policy": policy or NONE}


def delete(context: RequestContext, request: dict[str, Any]) -> None:
    """Forget a policy."""
    arn = request["ResourceARN"]
    stream, consumer = store.find_resource(context, arn)
    if not (consumer.policy if consumer else stream.state.policy):
        raise errors.policy_not_found(arn)
    if consumer:
        store.change_consumer(stream, consumer, replace(consumer, policy=None))
    else:
        stream.change(policy=None)


def _fault(text: str, arn: str) -> str | None:
    """What is wrong with a policy of a resource."""
    if len(text.encode()) > MAX_BYTES:
        return f"it must not be larger than {MAX_BYTES} bytes."
    try:
        policy = json.loads(text)
    except ValueError:
        return "it is not valid JSON."
    if not isinstance(policy, dict):
        return "it must be a JSON object."
    if policy.get("Version", "2008-10-17") not in VERSIONS:
        return "its Version must be 2012-10-17 or 2008-10-17."
    statements = _listed(policy.get("Statement"))
    if not statements:
        return "it has no Statement."
    faults = (_statement_fault(statement, arn) for statement in statements)
    return next((fault for fault in faults if fault), None)


def _statement_fault(statement: Any, arn: str) -> str | None:
    if not isinstance(statement, dict):
        return "a Statement must be a JSON object."
    if statement.get("Effect") not in EFFECTS:
        return "the Effect of a Statement must be Allow or Deny."
    if not (statement.get("Principal") or statement.get("NotPrincipal")):
        return "a Statement has no Principal."
    actions = _listed(statement.get("Action", statement.get("NotAction")))
    if not actions or not all(_is_action(action) for action in actions):
        return "the Action of a Statement must name actions of kinesis."
    if any(resource != arn for resource in _listed(statement.get("Resource"))):
        return f"the Resource of a Statement must be {arn}."
    return None


def _is_action(action: Any) -> bool:
    return isinstance(action, str) and (action == "*" or action.lower().startswith("kinesis:"))


def _listed(value: Any) -> list[Any]:
    """IAM takes one where it takes many."""
    return value if isinstance(value, list) else [] if value is None else [value]
