"""Where an instance's paths are: as they are written, where it has a root of its own; below its
folder elsewhere ("prefix"), which reaches what is named in user data and units, not what is written
into a program.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PRIVATE = ("etc", "opt", "var", "home", "root", "srv", "run")
_NAMED = re.compile(rf"(?<![\w./-])/(?={'|'.join(PRIVATE)}(?:/|\b))")


@dataclass(frozen=True, slots=True)
class Paths:
    """Translates what the instance calls a path."""

    prefix: str = ""
    """The folder in the place of the root; empty where the root is the instance's own."""

    def here(self, text: str) -> str:
        """A text with its paths translated."""
        return _NAMED.sub(lambda _: f"{self.prefix}/", text) if self.prefix else text

    def path(self, text: str) -> Path:
        """One path; user data may name any."""
        return Path(self.prefix + text if self.prefix else text)
