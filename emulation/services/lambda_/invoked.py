"""What an invocation came to, as an event source mapping sees it."""

from dataclasses import dataclass
from typing import Any


class NotInvoked(Exception):
    """Lambda did not run the function: it is being updated, throttled, or gone."""


@dataclass(frozen=True, slots=True)
class Invoked:
    """What came back."""

    request_id: str
    executed_version: str
    function_error: str | None
    payload: bytes

    def failure(self) -> dict[str, Any]:
        """As the record of a failure destination tells it."""
        return {
            "statusCode": 200,
            "executedVersion": self.executed_version,
            "functionError": self.function_error,
        }
