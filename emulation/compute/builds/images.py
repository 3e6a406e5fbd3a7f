"""CodeBuild's images without containers: which are known, and which runtime versions they offer.

All of AWS's Linux images are the same here: one Python, the machine's tools. A version that is not
here is refused in the words of an image that lacks it.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache

PYTHON = "3.13"
KNOWN = (
    r"aws/codebuild/(amazonlinux2|amazonlinux)-(x86_64|aarch64)-standard:[\w.-]+",
    r"aws/codebuild/standard:[\w.-]+",
    r"aws/codebuild/ami/amazonlinux-.*",
)


class UnknownImageError(LookupError):
    """No local runtime stands in for the image."""

    def __init__(self, image: str) -> None:
        super().__init__(
            f"No local runtime stands in for the image {image}; known are the standard images of"
            " CodeBuild: aws/codebuild/standard, aws/codebuild/amazonlinux-x86_64-standard,"
            " aws/codebuild/amazonlinux2-x86_64-standard and those for aarch64."
        )


class UnknownRuntimeError(LookupError):
    """The image has no such runtime, or not this version."""


def check_image(image: str) -> None:
    """Know the image.

    Raises:
        UnknownImageError: it is none that runs here.
    """
    if not any(re.fullmatch(pattern, image) for pattern in KNOWN):
        raise UnknownImageError(image)


def select(wanted: Mapping[str, str]) -> dict[str, str]:
    """The versions that run, for those that `runtime-versions` asks for.

    Raises:
        UnknownRuntimeError: one of them is not here; the words are CodeBuild's.
    """
    found = {}
    for name, version in wanted.items():
        has = versions().get(name)
        if has is None:
            names = ", ".join(sorted(versions()))
            raise UnknownRuntimeError(
                f"Unknown runtime named '{name}'. This build image has the following runtimes:"
                f" {names}"
            )
        if not matches(version, has):
            raise UnknownRuntimeError(
                f"Unknown runtime version named '{version}' of {name}. This build image has the"
                f" following versions: {has}"
            )
        found[name] = has
    return found


def matches(wanted: str, has: str) -> bool:
    """Whether `latest`, `3.x` or the version itself names what is there."""
    if wanted in {"latest", has}:
        return True
    prefix = wanted.removesuffix("x").removesuffix(".")
    return wanted.endswith(".x") and (f"{has}.").startswith(f"{prefix}.")


@cache
def versions() -> dict[str, str]:
    """The runtimes of this machine."""
    node = shutil.which("node")
    if node is None:
        return {"python": PYTHON}
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().removeprefix("v").split(".", 1)[0]
    return {"python": PYTHON} | ({"nodejs": major} if major.isdigit() else {})
