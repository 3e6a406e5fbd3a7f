"""Text boxes and titles: QuickSight's rich text, of which plain, harmless HTML is made."""

import re
from collections.abc import Mapping
from html import escape
from typing import Any
from xml.etree import ElementTree

SIZES = re.compile(r"\d{1,3}(\.\d+)?(px|pt|em|rem|%)?")
COLORS = re.compile(r"#[0-9A-Fa-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s,.%]+\)")
SAME = {"b", "i", "u", "ul", "ol", "li", "s", "sub", "sup"}
ALIGNED = {"left", "center", "right", "justify"}


def html_of(text: str, parameters: Mapping[str, Any]) -> str:
    """What a text box shows; text that is no XML is shown as it is."""
    if "<" not in text:
        return filled(escape(text), parameters)
    try:
        tree = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        try:
            tree = ElementTree.fromstring(f"<text-box>{text}</text-box>")
        except ElementTree.ParseError:
            return filled(escape(text), parameters)
    return filled(_inner(tree), parameters)


def filled(text: str, parameters: Mapping[str, Any]) -> str:
    """A text with the parameters that it names (`${Name}`) in their places."""

    def put(found: re.Match[str]) -> str:
        if found[1] not in parameters:
            return found[0]
        value = parameters[found[1]]
        if value is None:
            return ""
        return escape(", ".join(map(str, value)) if isinstance(value, list) else str(value))

    return re.sub(r"\$\{([^}]+)\}", put, text)


def _inner(node: ElementTree.Element) -> str:
    parts = [escape(node.text or "")]
    for child in node:
        parts += [_element(child), escape(child.tail or "")]
    return "".join(parts)


def _element(node: ElementTree.Element) -> str:
    inner = _inner(node)
    match node.tag:
        case "br":
            return "<br>"
        case "block":
            align = node.get("align", "left")
            return f"<div style='text-align:{align if align in ALIGNED else 'left'}'>{inner}</div>"
        case "inline":
            return f"<span style='{_style(node)}'>{inner}</span>"
        case "a":
            address = node.get("href", "")
            if address.startswith(("https://", "http://", "/")):
                return f'<a href="{escape(address)}" rel="noreferrer" target="_blank">{inner}</a>'
            return inner
    return f"<{node.tag}>{inner}</{node.tag}>" if node.tag in SAME else inner


def _style(node: ElementTree.Element) -> str:
    found = []
    size, color = node.get("font-size", ""), node.get("color", "")
    if SIZES.fullmatch(size):
        found.append(f"font-size:{size}")
    if COLORS.fullmatch(color):
        found.append(f"color:{color}")
    return ";".join(found)
