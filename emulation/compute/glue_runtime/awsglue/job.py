"""`Job`: what a script says of its own beginning and end. Without bookmarks there is nothing to
keep.
"""

from collections.abc import Mapping
from typing import Any


class Job:
    """A run, seen from its script."""

    def __init__(self, glue_context: Any) -> None:
        self.glue_context = glue_context
        self.name = ""

    def init(self, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        """The script begins."""
        self.name = job_name

    def commit(self) -> None:
        """The script has done its work; bookmarks, which this would move on, are refused by the
        service.
        """

    def isInitialized(self) -> bool:
        """Whether `init` was called."""
        return bool(self.name)
