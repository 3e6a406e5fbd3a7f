"""Conditional formatting: colours of values by conditions, or along a gradient."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulation.compute.visuals.compiled import Level
from emulation.compute.visuals.errors import Mismatch
from emulation.compute.visuals.fields import WellField
from emulation.compute.visuals.visual import Visual

Members = Mapping[str, Any]
COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Rule:
    """One colour that depends on the data."""

    field: WellField
    """Its condition, or the value of its gradient: asked together with the visual's measures."""
    css: str
    """`color` or `background`."""
    color: str = ""
    stops: Sequence[Members] = ()
    target: str = ""
    """The field that it colours; nothing for a whole row."""

    def style(self, value: Any, span: tuple[float, float]) -> str:
        """The style for a value; `span` is the least and largest of a gradient's values."""
        if self.stops:
            return "" if value is None else f"{self.css}:{gradient(self.stops, value, span)}"
        return f"{self.css}:{self.color}" if value else ""


def rule(visual: Visual, given: Members | None, css: str, target: str = "") -> Rule | None:
    """A rule from a colour of a definition; nothing where there is none.

    Raises:
        VisualError: its expression is wrong.
    """
    if not given:
        return None
    solid, scale = given.get("Solid"), given.get("Gradient")
    asked = solid or scale
    if asked is None:
        return None
    value = visual.compiler.expression(asked["Expression"])
    if value.level is Level.CONSTANT:
        raise Mismatch(f"{asked['Expression']} does not look at the data.")
    field = WellField(f"{target}:{css}", "", value)
    if solid:
        return Rule(field, css, color(solid.get("Color")), target=target)
    stops = asked["Color"].get("Stops") or []
    return Rule(field, css, stops=stops, target=target)


def color(text: str | None) -> str:
    """A colour of a definition; one that is none is transparent."""
    return text if text and COLOR.fullmatch(text) else "transparent"


def gradient(stops: Sequence[Members], value: float, span: tuple[float, float]) -> str:
    """The colour of a value between its stops."""
    low, high = span
    placed = sorted(
        (
            one.get("DataValue", low + (high - low) * one["GradientOffset"] / 100),
            color(one.get("Color", "#ffffff")),
        )
        for one in stops
    )
    below = [one for one in placed if one[0] <= value] or placed[:1]
    above = [one for one in placed if one[0] >= value] or placed[-1:]
    (from_, first), (to, second) = below[-1], above[0]
    share = 0.0 if to == from_ else (value - from_) / (to - from_)
    mixed = [
        round(int(first[at : at + 2], 16) * (1 - share) + int(second[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)
