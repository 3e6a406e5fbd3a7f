"""Lifecycle policies: what they may say, and which images they expire.

As the ECR user guide has it ("Automate the cleanup of images"): all rules look at all images; an
image belongs to the rule of the lowest number whose tags it fits, and no other rule expires it; a
rule that counts also counts images that are another's. An image that a list names is not expired
while the list is there.
"""

import fnmatch
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulation.services.ecr.errors import invalid_at, not_emulated
from emulation.services.ecr.store import StoredImage

DAY = 86400.0
STATUSES = ("tagged", "untagged", "any")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    priority: int
    status: str
    prefixes: tuple[str, ...]
    patterns: tuple[str, ...]
    count_type: str
    count: int

    def fits(self, image: StoredImage) -> bool:
        """Whether an image's tags are those that the rule is for."""
        if self.status == "untagged":
            return not image.tags
        if self.status == "any":
            return True
        prefixed = all(any(tag.startswith(p) for tag in image.tags) for p in self.prefixes)
        named = all(any(fnmatch.fnmatchcase(t, p) for t in image.tags) for p in self.patterns)
        return bool(image.tags) and prefixed and named


@dataclass(frozen=True, slots=True)
class Expired:
    """An image that a policy expires, and by which rule."""

    image: StoredImage
    priority: int


def read(text: str, operation: str) -> list[Rule]:
    """A policy's rules in their order.

    Raises:
        CommonServiceException: InvalidParameterException, it is no policy.
        NotImplementedError: it asks for what is not emulated.
    """
    try:
        found = json.loads(text)["rules"]
        rules = sorted((_rule(one, operation) for one in found), key=lambda rule: rule.priority)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error
    if not rules:
        raise _invalid("a policy has at least one rule")
    if len({rule.priority for rule in rules}) < len(rules):
        raise _invalid("rulePriority must be unique")
    if any(rule.status == "any" for rule in rules[:-1]):
        raise _invalid("a rule with tagStatus any must have the highest rulePriority")
    return rules


def _invalid(reason: str) -> Exception:
    return invalid_at("LifecyclePolicyText", f"Lifecycle policy validation failure: {reason}")


def _rule(document: Mapping[str, Any], operation: str) -> Rule:
    selection, action = document["selection"], document["action"]
    if action["type"] != "expire":
        raise not_emulated(operation, f"action {action['type']}")
    status, count_type = selection["tagStatus"], selection["countType"]
    prefixes = tuple(selection.get("tagPrefixList", ()))
    patterns = tuple(selection.get("tagPatternList", ()))
    if status not in STATUSES:
        raise _invalid(f"tagStatus is one of {', '.join(STATUSES)}, not {status}")
    if status == "tagged" and bool(prefixes) == bool(patterns):
        raise _invalid("tagStatus tagged needs either tagPrefixList or tagPatternList")
    if status != "tagged" and (prefixes or patterns):
        raise _invalid(f"tagStatus {status} takes neither tagPrefixList nor tagPatternList")
    if count_type not in {"imageCountMoreThan", "sinceImagePushed"}:
        raise not_emulated(operation, f"countType {count_type}")
    if (count_type == "sinceImagePushed") != (selection.get("countUnit") == "days"):
        raise _invalid("countUnit is days with sinceImagePushed, and only there")
    priority, count = document["rulePriority"], selection["countNumber"]
    if not all(isinstance(number, int) and number > 0 for number in (priority, count)):
        raise _invalid("rulePriority and countNumber are numbers greater than 0")
    return Rule(priority, status, prefixes, patterns, count_type, count)


def expired(rules: Iterable[Rule], images: Iterable[StoredImage]) -> list[Expired]:
    """The images that rules expire now."""
    found: list[Expired] = []
    newest = sorted(images, key=lambda image: image.pushed, reverse=True)
    taken: set[str] = set()
    for rule in rules:
        fitting = [image for image in newest if rule.fits(image)]
        beyond = _beyond(rule, fitting)
        found += [Expired(one, rule.priority) for one in beyond if one.digest not in taken]
        taken |= {image.digest for image in fitting}
    going = {one.image.digest for one in found}
    held = {digest for image in newest if image.digest not in going for digest in image.lists}
    return [one for one in found if one.image.digest not in held]


def _beyond(rule: Rule, newest: list[StoredImage]) -> list[StoredImage]:
    if rule.count_type == "imageCountMoreThan":
        return newest[rule.count :]
    before = time.time() - rule.count * DAY
    return [image for image in newest if image.pushed < before]
