"""The stacks, in the order in which each finds what it needs in the outputs of those before it.

A stack is a file of `pipeline/templates`. Its parameters are named like the outputs, bundle keys or
settings that fill them, so this tuple is all the wiring there is.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).parents[1] / "templates"

FRONT = ("network", "api_image", "api", "api_gateway", "features_stream")
"""What people call, and the job whose features it looks up; the delivery brings models, and leaves
these to `deploy`.
"""

PICTURES = ("quicksight", "dashboards")
"""What QuickSight shows; somebody has to own it, and tables to be there."""

REPORTS = (*PICTURES, "renewal")
"""What people look at, and what keeps it new; left to `deploy`, too."""

STACKS = (
    "storage",
    "streaming",
    "lake",
    "warehouse",
    "training",
    "serving",
    "consumers",
    *FRONT,
    *REPORTS,
    "deployment",
    "delivery",
    "monitoring",
)


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms; what they refer to is CloudFormation's business."""


def _short_form(loader: _TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    raise yaml.YAMLError(f"a mapping cannot have the short form !{tag}")


yaml.add_multi_constructor("!", _short_form, _TemplateLoader)


@dataclass(frozen=True)
class Template:
    """One template file: what it asks for and what it declares."""

    stack: str
    body: str

    @classmethod
    def of(cls, stack: str) -> "Template":
        """The template of a stack."""
        return cls(stack, (TEMPLATES / f"{stack}.yaml").read_text())

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        parsed: dict[str, Any] = yaml.load(self.body, _TemplateLoader)
        return parsed

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The declared parameters."""
        declared: dict[str, dict[str, Any]] = self._parsed.get("Parameters", {})
        return declared

    @property
    def resources(self) -> dict[str, str]:
        """Type of each resource, by logical name."""
        return {name: body["Type"] for name, body in self._parsed["Resources"].items()}

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self._parsed.get("Outputs", {}))

    @property
    def needs(self) -> tuple[str, ...]:
        """Parameters without a default."""
        return tuple(name for name, body in self.parameters.items() if "Default" not in body)
