"""Lifecycle rules of a template as S3's API writes them."""

from typing import Any

Rule = dict[str, Any]

RENAMED = {
    "Id": ("ID",),
    "ExpirationInDays": ("Expiration", "Days"),
    "ExpirationDate": ("Expiration", "Date"),
    "ExpiredObjectDeleteMarker": ("Expiration", "ExpiredObjectDeleteMarker"),
    "NoncurrentVersionExpirationInDays": ("NoncurrentVersionExpiration", "NoncurrentDays"),
}
"""Where a property goes; the others keep their name."""

TRANSITIONS = {
    "Transition": ("Transitions", "Days"),
    "Transitions": ("Transitions", "Days"),
    "NoncurrentVersionTransition": ("NoncurrentVersionTransitions", "NoncurrentDays"),
    "NoncurrentVersionTransitions": ("NoncurrentVersionTransitions", "NoncurrentDays"),
}
"""One or a list of them; and the name of their days."""

CONDITIONS = {"ObjectSizeGreaterThan", "ObjectSizeLessThan", "Prefix", "TagFilters"}


def configuration(value: dict[str, Any]) -> dict[str, Any]:
    """All rules."""
    return {**value, "Rules": [rule(item) for item in value["Rules"]]}


def rule(asked: Rule) -> Rule:
    """One rule."""
    written: Rule = {"Filter": conditions(asked)}
    for name, value in asked.items():
        if name in TRANSITIONS:
            target, days = TRANSITIONS[name]
            items = value if isinstance(value, list) else [value]
            written.setdefault(target, []).extend(transition(item, days) for item in items)
        elif name not in CONDITIONS:
            *outer, inner = RENAMED.get(name, (name,))
            place = written.setdefault(outer[0], {}) if outer else written
            place[inner] = value
    return written


def transition(asked: Rule, days: str) -> Rule:
    """When objects go to another class."""
    names = {"TransitionInDays": days, "TransitionDate": "Date"}
    return {names.get(name, name): value for name, value in asked.items()}


def conditions(asked: Rule) -> Rule:
    """Which objects: a condition stands alone, several stand together; none is every object."""
    found = {name: asked[name] for name in CONDITIONS & asked.keys()}
    tags = found.pop("TagFilters", [])
    if len(found) + len(tags) > 1:
        return {"And": {**found, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return found or {"Prefix": ""}
