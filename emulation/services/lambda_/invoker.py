"""Invoking the function of an event source mapping."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.client import BaseClient


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came back."""

    request_id: str
    status_code: int
    executed_version: str
    function_error: str | None
    payload: bytes

    def answer(self) -> Any:
        """The handler's result; a result that is not JSON says nothing about single records."""
        try:
            return json.loads(self.payload or b"null")
        except ValueError:
            return None

    def failure(self) -> dict[str, Any]:
        """As the record of a failure destination tells it."""
        return {
            "requestId": self.request_id,
            "httpStatusCode": self.status_code,
            "executedVersion": self.executed_version,
            "functionError": self.function_error,
        }


@dataclass(frozen=True, slots=True)
class Invoker:
    """Calls one function and waits."""

    client: BaseClient
    function_arn: str

    def invoke(self, payload: bytes) -> Invoked:
        """Run the function once.

        Raises:
            ClientError: Lambda refused.
        """
        client: Any = self.client
        answer = client.invoke(FunctionName=self.function_arn, Payload=payload)
        return Invoked(
            request_id=answer["ResponseMetadata"]["RequestId"],
            status_code=answer["StatusCode"],
            executed_version=answer.get("ExecutedVersion", "$LATEST"),
            function_error=answer.get("FunctionError"),
            payload=answer["Payload"].read(),
        )
