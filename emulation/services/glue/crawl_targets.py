"""What a crawler is pointed at: include paths, and the patterns of what is left out."""

import re
from dataclasses import dataclass
from typing import Any

from emulation.services.glue.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Target:
    """An include path, and what of it is left out."""

    bucket: str
    prefix: str
    exclusions: tuple[re.Pattern[str], ...]
    sample_size: int | None

    @classmethod
    def of(cls, target: Any) -> "Target":
        """The target that an S3Target describes."""
        match = re.fullmatch(r"(?:s3://|s3a://)?([^/]+)/?(.*)", target.get("Path") or "")
        if match is None:
            raise InvalidInputError("The S3 path of a target cannot be empty")
        patterns = tuple(glob(pattern) for pattern in target.get("Exclusions") or ())
        return cls(match[1], match[2], patterns, target.get("SampleSize"))

    @property
    def root(self) -> str:
        """The folder that tables are looked for in; of a single file, the file's."""
        return self.prefix if self.prefix.endswith("/") or not self.prefix else f"{self.prefix}/"

    def includes(self, key: str) -> bool:
        """Whether a key is below the path, not excluded, and not one of those that Spark and Hive
        hide.
        """
        relative = key.removeprefix(self.root)
        hidden = any(part.startswith(("_", ".")) for part in relative.split("/"))
        within = key.startswith(self.root) or key == self.prefix
        excluded = any(pattern.fullmatch(relative) for pattern in self.exclusions)
        return within and not hidden and not excluded


def glob(pattern: str) -> re.Pattern[str]:
    """An exclude pattern: `*` stays in a folder, `**` does not."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    parts = re.findall(r"\*\*|\[[^]]+\]|.", pattern)
    text = "".join(
        part if part[0] == "[" and len(part) > 1 else words.get(part, re.escape(part))
        for part in parts
    )
    return re.compile(text)
