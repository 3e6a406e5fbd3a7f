"""Reference lines of a chart: those at a value that the definition writes out."""

from emulation.compute.visuals.drawing.drawn import Spec
from emulation.compute.visuals.visual import Visual

DASHES = {"DASHED": [6, 4], "DOTTED": [2, 3], "SOLID": [1, 0]}


def reference_lines(visual: Visual, *, horizontal: bool = False) -> list[Spec]:
    """A rule and its label for each; others are noted as left out."""
    found: list[Spec] = []
    for one in visual.configuration.get("ReferenceLines") or []:
        if one.get("Status") == "DISABLED":
            continue
        static = one["DataConfiguration"].get("StaticConfiguration")
        if static is None:
            visual.note(True, "A computed reference line")
            continue
        label = (one.get("LabelConfiguration") or {}).get("CustomLabelConfiguration") or {}
        style = one.get("StyleConfiguration") or {}
        color = style.get("Color", "#b23b30")
        value = {"x" if horizontal else "y": {"datum": static["Value"], "type": "quantitative"}}
        dash = DASHES[style.get("Pattern", "DASHED")]
        # One row of its own: a layer repeats its mark for each row that it sees.
        alone: Spec = {"data": {"values": [{}]}, "encoding": value}
        found.append({"mark": {"type": "rule", "color": color, "strokeDash": dash}, **alone})
        text = label.get("CustomLabel") or f"{static['Value']:g}"
        place: Spec = {"align": "left", "dx": 4, "dy": -6}
        place |= {"y": 8} if horizontal else {"x": 0}
        mark = {"type": "text", "text": text, "color": color, "fontSize": 11, **place}
        found.append({"mark": mark, **alone})
    return found
