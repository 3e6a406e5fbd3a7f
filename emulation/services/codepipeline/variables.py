"""References to variables: `#{namespace.name}` in the configuration of an action.

`codepipeline` and `variables` are namespaces of the execution itself; all others are given to
actions, whose outputs they name.
"""

import re
from collections.abc import Iterator, Mapping

REFERENCE = re.compile(r"#\{([^{}]*)\}")
FORMAT = re.compile(r"[A-Za-z0-9@\-_]+\.[A-Za-z0-9@\-_]+")
OWN = ("codepipeline", "variables")


class UnresolvedError(Exception):
    """A variable that nobody has set."""


def references(text: str) -> Iterator[str]:
    """What a text refers to, without the braces."""
    for found in REFERENCE.finditer(text):
        yield found.group(1).strip()


def resolve(text: str, known: Mapping[str, Mapping[str, str]]) -> str:
    """The text with the values of its variables, by namespace and name.

    Raises:
        UnresolvedError: one has no value.
    """

    def value(found: re.Match[str]) -> str:
        reference = found.group(1).strip()
        namespace, _, name = reference.partition(".")
        if name not in known.get(namespace, {}):
            raise UnresolvedError(
                f"The following variable is referenced but has no value: {reference}"
            )
        return known[namespace][name]

    return REFERENCE.sub(value, text)
