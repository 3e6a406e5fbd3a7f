"""Lambda authorizers: the caller's identity, the function's answer, what it allows.

An answer is kept for `authorizerResultTtlInSeconds` by the values of the identity sources, for all
methods of the stage, as on AWS: a policy that allows only the method it was asked for refuses the
next one.
"""

import json
import re
import threading
import time
from typing import Any, NamedTuple

from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    UnauthorizedError,
)

from emulation.services.apigateway.authorizer_calls import AuthorizerAnswer, ask, method_arn
from emulation.services.apigateway.policies import INVOKE, Verdict, verdict
from emulation.services.apigateway.story import story_of
from emulation.services.apigateway.variables import named

DENIED = "User is not authorized to access this resource with an explicit deny"
NOT_ALLOWED = "User is not authorized to access this resource"


class Kept(NamedTuple):
    """An answer and until when it holds."""

    answer: AuthorizerAnswer
    until: float


class AnswerCache:
    """The answers of all authorizers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str, str, tuple[str, ...]], Kept] = {}

    def get(self, key: tuple[str, str, str, tuple[str, ...]]) -> AuthorizerAnswer | None:
        """An answer that still holds."""
        with self._lock:
            kept = self._answers.get(key)
            return kept.answer if kept and kept.until > time.monotonic() else None

    def put(
        self, key: tuple[str, str, str, tuple[str, ...]], answer: AuthorizerAnswer, ttl: float
    ) -> None:
        """Keep one, and drop those that no longer hold."""
        now = time.monotonic()
        with self._lock:
            self._answers = {each: kept for each, kept in self._answers.items() if kept.until > now}
            self._answers[key] = Kept(answer, now + ttl)

    def flush(self, api_id: str, stage: str) -> None:
        """FlushStageAuthorizersCache."""
        with self._lock:
            self._answers = {
                key: kept for key, kept in self._answers.items() if key[:2] != (api_id, stage)
            }


CACHE = AnswerCache()
"""The emulator's answers."""


def authorize(_: Any, context: Any, __: Any) -> None:
    """Request handler: let the caller in, or not."""
    method = context.resource_method
    if method.get("authorizationType", "NONE") == "NONE":
        return
    if method["authorizationType"] != "CUSTOM":
        raise NotImplementedError(
            f"apigateway authorization by {method['authorizationType']} is not emulated"
        )
    authorizer = context.deployment.rest_api.authorizers[method["authorizerId"]]
    answer = answered(authorizer, context)
    given = {name: spelled(value) for name, value in answer.context.items()}
    context.context_variables["authorizer"] = {
        **given,
        "principalId": answer.principal,
        "integrationLatency": story_of(context).authorizer.latency or 0,
    }
    if answer.usage_key:
        context.context_variables["identity"]["apiKey"] = answer.usage_key
    judge(answer, context)


def spelled(value: Any) -> str:
    """A value of the authorizer's context: always a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def answered(authorizer: dict[str, Any], context: Any) -> AuthorizerAnswer:
    """The authorizer's answer, kept or new."""
    identity = identity_of(authorizer, context)
    ttl = int(authorizer.get("authorizerResultTtlInSeconds", 300))
    # Without an identity there is nothing to keep an answer by.
    key = (context.api_id, context.stage or "", authorizer["id"], identity)
    kept = CACHE.get(key) if ttl and identity else None
    story = story_of(context)
    if kept:
        story.say(f"Using valid authorizer policy for principal: {kept.principal}")
        return kept
    story.say(f"Starting authorizer: {authorizer['id']}")
    answer = ask(authorizer, identity[0] if identity else "", context)
    if ttl and identity:
        CACHE.put(key, answer, ttl)
    return answer


def identity_of(authorizer: dict[str, Any], context: Any) -> tuple[str, ...]:
    """The values of the identity sources.

    Raises:
        UnauthorizedError: one is missing, or the token has not the form that it must have. The
            function is not called.
    """
    sources = [each.strip() for each in (authorizer.get("identitySource") or "").split(",")]
    found = [sought(context, source) for source in sources if source]
    expression = authorizer.get("identityValidationExpression")
    if not all(found):
        raise UnauthorizedError("Unauthorized")
    values = tuple(value for value in found if value)
    if expression and not all(re.fullmatch(expression, value) for value in values):
        raise UnauthorizedError("Unauthorized")
    return values


def sought(context: Any, source: str) -> str | None:
    """The value of one source."""
    value = named(context, source)
    return None if value is None else str(value)


def judge(answer: AuthorizerAnswer, context: Any) -> None:
    """Let in whom the policy allows this method.

    Raises:
        AccessDeniedError: it denies it, or does not allow it.
    """
    values = {"aws:SourceIp": context.context_variables["identity"]["sourceIp"]}
    found = verdict(answer.policy, INVOKE, method_arn(context), values)
    story_of(context).say(f"Authorizer policy: {json.dumps(answer.policy)} says {found.value}")
    if found is Verdict.DENIED:
        raise AccessDeniedError(DENIED)
    if found is Verdict.UNDECIDED:
        raise AccessDeniedError(NOT_ALLOWED)
