"""Vault locks: a policy that is tried for a day, then locked for good, and keeps archives.

What a lock is for is enforced: statements that deny `glacier:DeleteArchive` to archives of some
age, or to all. A policy with other conditions cannot be kept to, so it is refused by name.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from emulation.services.glacier.errors import access_denied, invalid, nothing_set
from emulation.services.glacier.store import LOCK, Members, Vault, moment, new_id, text
from emulation.services.glacier.vaults import Call

DAY = timedelta(days=1).total_seconds()
LONGEST_POLICY = 20 * 1024
IN_PROGRESS, LOCKED = "InProgress", "Locked"
AGE = "glacier:archiveageindays"
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "NumericLessThan": lambda age, days: age < days,
    "NumericLessThanEquals": lambda age, days: age <= days,
    "NumericGreaterThan": lambda age, days: age > days,
    "NumericGreaterThanEquals": lambda age, days: age >= days,
    "NumericEquals": lambda age, days: age == days,
}


def initiate(call: Call) -> Members:
    """Try a policy for 24 hours."""
    policy = (call.request.get("policy") or {}).get("Policy") or ""
    check_policy(policy)
    with LOCK:
        vault = call.vault
        if lock_of(vault):
            raise access_denied("Vault lock is already in progress or locked")
        lock = {
            "id": new_id(24),
            "policy": policy,
            "state": IN_PROGRESS,
            "created": moment(),
            "expires": moment() + DAY,
        }
        vault.record["lock"] = lock
        vault.keep()
    return {"lockId": lock["id"]}


def complete(call: Call) -> Members:
    """Lock for good."""
    with LOCK:
        vault = call.vault
        lock = lock_of(vault)
        if lock is None:
            raise nothing_set("vault lock policy", vault.arn)
        if call.request["lockId"] != lock["id"]:
            if lock["state"] == LOCKED:
                raise access_denied("Vault lock is locked with another lock ID")
            raise invalid(f"Invalid lock ID: {call.request['lockId']}")
        lock |= {"state": LOCKED, "expires": None}
        vault.keep()
    return {}


def abort(call: Call) -> Members:
    """Stop trying; a locked policy stays."""
    with LOCK:
        vault = call.vault
        lock = lock_of(vault)
        if lock and lock["state"] == LOCKED:
            raise access_denied("Vault lock is locked")
        vault.record["lock"] = None
        vault.keep()
    return {}


def get(call: Call) -> Members:
    """The policy and how far it is locked."""
    vault = call.vault
    lock = lock_of(vault)
    if lock is None:
        raise nothing_set("vault lock policy", vault.arn)
    return {
        "Policy": lock["policy"],
        "State": lock["state"],
        "CreationDate": text(lock["created"]),
        "ExpirationDate": text(lock["expires"]) if lock["expires"] else None,
    }


def lock_of(vault: Vault) -> Members | None:
    """A vault's lock; one that was not completed in time is none."""
    lock: Members | None = vault.record.get("lock")
    if lock and lock["state"] == IN_PROGRESS and lock["expires"] <= moment():
        return None
    return lock


def check_delete(vault: Vault, archive: Members) -> None:
    """Refuse to delete what the lock keeps."""
    lock = lock_of(vault)
    age = (moment() - archive["created"]) / DAY
    if lock and any(denies(item, age) for item in statements(json.loads(lock["policy"]))):
        raise access_denied(
            f"User: arn:aws:iam::{vault.scope.account}:root is not authorized to perform: "
            f"glacier:DeleteArchive on resource: {vault.arn} with an explicit deny in a vault "
            "lock policy"
        )


def denies(statement: Members, age: float) -> bool:
    """Whether a statement denies to delete an archive of so many days."""
    actions = many(statement.get("Action", []))
    if statement.get("Effect") != "Deny" or not any(
        fnmatchcase("glacier:deletearchive", action.lower()) for action in actions
    ):
        return False
    return all(
        any(COMPARISONS[operator](age, float(days)) for days in many(value))
        for operator, keys in (statement.get("Condition") or {}).items()
        for value in keys.values()
    )


def check_policy(policy: str) -> None:
    """A policy that can be kept to."""
    if not policy or len(policy.encode()) > LONGEST_POLICY:
        raise invalid("Invalid vault lock policy: it is empty or larger than 20 KB")
    try:
        found = statements(json.loads(policy))
    except (ValueError, TypeError, LookupError) as error:
        raise invalid("Invalid vault lock policy: it is no policy document") from error
    for statement in found:
        check_conditions(statement.get("Condition") or {})


def check_conditions(conditions: Members) -> None:
    """Only the age of archives is known here."""
    for operator, keys in conditions.items():
        for key in keys:
            if operator not in COMPARISONS or key.lower() != AGE:
                raise NotImplementedError(
                    f"The condition {operator} of {key} in a vault lock policy is not emulated"
                )


def statements(document: Any) -> list[Members]:
    """The statements of a policy, one or a list of them."""
    found: list[Members] = many(document["Statement"])
    if not all(isinstance(item, dict) for item in found):
        raise TypeError("a statement is an object")
    return found


def many(value: Any) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]
