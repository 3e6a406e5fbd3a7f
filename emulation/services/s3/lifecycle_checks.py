"""What S3 refuses in a lifecycle configuration, in its words."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.s3 import InvalidArgument
from localstack.services.s3.exceptions import InvalidRequest, MalformedXML

from emulation.services.s3.lifecycle import WATERFALL, may_go

Rule = dict[str, Any]

MOST_RULES = 1000
LONGEST_ID = 255
LEAST_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
ACTIONS = {
    *("Expiration", "Transitions", "NoncurrentVersionExpiration"),
    *("NoncurrentVersionTransitions", "AbortIncompleteMultipartUpload"),
}
SIZES = {"ObjectSizeGreaterThan": 0, "ObjectSizeLessThan": 1}
"""The least that each may be."""
LARGEST_SIZE = 1_099_511_627_776_000
CONDITIONS = {"Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And"}


def check(rules: list[Rule]) -> None:
    """Check a configuration; rules without an ID get one, as S3 gives it."""
    if not 0 < len(rules) <= MOST_RULES:
        raise MalformedXML()
    for rule in rules:
        rule.setdefault("ID", uuid.uuid4().hex)
        check_rule(rule)
    names = [rule["ID"] for rule in rules]
    if len(set(names)) < len(names):
        raise argument("ID", names[0], "Rule ID must be unique. Found same ID for more than one")


def check_rule(rule: Rule) -> None:
    """Check one rule."""
    if rule.get("Status") not in {"Enabled", "Disabled"}:
        raise MalformedXML()
    if len(rule["ID"]) > LONGEST_ID:
        raise argument(
            "ID", rule["ID"], f"ID length should not exceed allowed limit of {LONGEST_ID}"
        )
    if not ACTIONS & {name for name, value in rule.items() if value}:
        raise InvalidRequest("At least one action needs to be specified in a rule")
    check_filter(rule)
    check_expiration(rule)
    check_transitions(rule, "Transition", rule.get("Transitions") or ())
    check_noncurrent(rule)
    abort = rule.get("AbortIncompleteMultipartUpload")
    if abort is not None:
        positive(abort.get("DaysAfterInitiation"), "DaysAfterInitiation", "Abort" + INCOMPLETE)


INCOMPLETE = "IncompleteMultipartUpload"


def check_filter(rule: Rule) -> None:
    """A rule names its objects once: by one condition, or by several in `And`."""
    found = rule.get("Filter")
    if (found is None) == (rule.get("Prefix") is None) or len(found or ()) > 1:
        raise MalformedXML()
    several = (found or {}).get("And") or {}
    tags = several.get("Tags") or ([found["Tag"]] if found and "Tag" in found else [])
    if len({tag["Key"] for tag in tags}) < len(tags):
        raise InvalidRequest("Duplicate Tag Keys are not allowed.")
    sizes = SIZES.keys() & {*(found or ()), *several}
    marker = (rule.get("Expiration") or {}).get("ExpiredObjectDeleteMarker") is not None
    uploads = rule.get("AbortIncompleteMultipartUpload") is not None
    for asked, name in ((marker, "ExpiredObjectDeleteMarker"), (uploads, "Abort" + INCOMPLETE)):
        if asked and tags:
            raise InvalidRequest(f"{name} cannot be specified with Tags.")
        if asked and sizes:
            raise InvalidRequest(f"{name} cannot be specified with Object Size.")
    check_sizes({**(found or {}), **several})


def check_sizes(conditions: Rule) -> None:
    """Sizes are such as objects may have, and leave something between them."""
    for name, least in SIZES.items():
        value = conditions.get(name)
        if value is not None and not least <= value <= LARGEST_SIZE:
            raise InvalidRequest(f"'{name}' should be between {least} and {LARGEST_SIZE}.")
    more, less = (conditions.get(name) for name in SIZES)
    if more is not None and less is not None and less <= more:
        raise InvalidRequest(
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'."
        )


def check_expiration(rule: Rule) -> None:
    """An expiration has days, a date or a word on delete markers."""
    expiration = rule.get("Expiration")
    if expiration is None:
        return
    given = [name for name, value in expiration.items() if value is not None]
    if len(given) != 1:
        raise MalformedXML()
    if given == ["Days"]:
        positive(expiration["Days"], "Days", "Expiration")
    at_midnight(expiration.get("Date"))


def check_transitions(rule: Rule, action: str, transitions: Sequence[Rule]) -> None:
    """Transitions go down, each once, later than the one before and earlier than the end."""
    kinds = set()
    for item in transitions:
        kinds.add("Date" if item.get("Date") else "Days")
        check_transition(item)
    classes = [item["StorageClass"] for item in transitions]
    where = described(rule)
    if len(set(classes)) < len(classes):
        raise InvalidRequest(
            f"'StorageClass' must be different for '{action}' actions in same 'Rule' with "
            f"filter '{where}'"
        )
    if len(kinds) > 1:
        raise InvalidRequest(
            f"Found mixed 'Date' and 'Days' based {action} actions in lifecycle rule for "
            f"filter '{where}'"
        )
    kind = next(iter(kinds), "Days")
    check_order(transitions, kind, kind, action, where)
    check_end(rule.get("Expiration") or {}, transitions, kind, where)


def check_transition(item: Rule) -> None:
    """One transition: where to, and when."""
    to = item.get("StorageClass")
    if to not in WATERFALL or (item.get("Days") is None) == (item.get("Date") is None):
        raise MalformedXML()
    if to == "STANDARD":
        raise argument("StorageClass", to, "Invalid target Storage class for Transition action")
    at_midnight(item.get("Date"))
    days = item.get("Days")
    if days is not None and days < 0:
        raise argument("Days", days, "'Days' in Transition action must be nonnegative")
    if days is not None and days < LEAST_DAYS.get(to, 0):
        raise argument(
            "Days",
            days,
            "'Days' in Transition action must be greater than or equal to "
            f"{LEAST_DAYS[to]} for storageClass '{to}'",
        )


def check_order(
    transitions: Sequence[Rule], member: str, kind: str, action: str, where: str
) -> None:
    """The colder the class, the later."""
    down = sorted(transitions, key=lambda item: WATERFALL.index(item["StorageClass"]))
    for warm, cold in zip(down, down[1:], strict=False):
        warmer, colder = warm["StorageClass"], cold["StorageClass"]
        if cold[member] <= warm[member] or not may_go(warmer, colder):
            raise argument(
                kind,
                cold[member],
                f"'{kind}' in the '{action}' action for StorageClass '{colder}' for filter "
                f"'{where}' must be greater than '{kind}' in the '{action}' action for "
                f"StorageClass '{warmer}' for filter '{where}'",
            )
        if kind != "Date" and cold[member] - warm[member] < LEAST_DAYS.get(warmer, 0):
            raise argument(
                kind,
                cold[member],
                f"'{kind}' in the '{action}' action for StorageClass '{colder}' for filter "
                f"'{where}' must be {LEAST_DAYS[warmer]} days more than 'filter '{where}'' in "
                f"the '{action}' action for StorageClass '{warmer}'",
            )


def check_end(expiration: Rule, transitions: Sequence[Rule], kind: str, where: str) -> None:
    """Objects end after they have moved."""
    other = "Days" if kind == "Date" else "Date"
    if transitions and expiration.get(other) is not None:
        raise InvalidRequest(
            "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle "
            f"rule for filter '{where}'"
        )
    end = expiration.get(kind)
    if end is not None and any(item[kind] >= end for item in transitions):
        raise argument(
            kind,
            end,
            f"'{kind}' in the Expiration action for filter '{where}' must be greater than "
            f"'{kind}' in the Transition action",
        )


def check_noncurrent(rule: Rule) -> None:
    """What becomes of versions that are not current."""
    action = "NoncurrentVersionExpiration"
    end = rule.get(action)
    if end is not None:
        positive(end.get("NoncurrentDays"), "NoncurrentDays", action)
        check_newer(end, action)
    transitions = rule.get("NoncurrentVersionTransitions") or ()
    for item in transitions:
        days = item.get("NoncurrentDays")
        if days is None:
            raise MalformedXML()
        check_transition({"Days": days, "StorageClass": item.get("StorageClass")})
        check_newer(item, "NoncurrentVersionTransition")
    where = described(rule)
    kind = "NoncurrentDays"
    check_order(transitions, kind, kind, "NoncurrentVersionTransition", where)
    if end is not None and any(item[kind] >= end[kind] for item in transitions):
        raise argument(
            kind,
            end[kind],
            f"'{kind}' in the {action} action for filter '{where}' must be greater than "
            f"'{kind}' in the NoncurrentVersionTransition action",
        )


def check_newer(item: Rule, action: str) -> None:
    """How many newer versions are kept."""
    newer = item.get("NewerNoncurrentVersions")
    if newer is not None:
        positive(newer, "NewerNoncurrentVersions", action)


def positive(value: int | None, member: str, action: str) -> None:
    """A number of days or versions."""
    if value is None:
        raise MalformedXML()
    if value <= 0:
        raise argument(member, value, f"'{member}' for {action} action must be a positive integer")


def at_midnight(date: datetime | None) -> None:
    """A date is a day."""
    if date is not None and date.astimezone(UTC).time() != datetime.min.time():
        raise argument("Date", date, "'Date' must be at midnight GMT")


def described(rule: Rule) -> str:
    """A rule's filter as refusals show it: `(prefix=logs/)`."""
    found = rule.get("Filter") or {}
    found = found.get("And") or found
    prefix = found.get("Prefix", rule.get("Prefix") or "")
    return f"(prefix={prefix})"


def argument(name: str, value: Any, message: str) -> InvalidArgument:
    """S3's refusal of a value."""
    return InvalidArgument(message, ArgumentName=name, ArgumentValue=str(value))
