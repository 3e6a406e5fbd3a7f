"""Vaults: to make, describe, list and delete them; their tags, policies and notifications."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from emulation.services.glacier import lists
from emulation.services.glacier.errors import invalid, nothing_set
from emulation.services.glacier.store import LOCK, Members, Vault, check_name, shelf, text
from emulation.services.scope import Scope

EVENTS = {"ArchiveRetrievalCompleted", "InventoryRetrievalCompleted"}
MOST_VAULTS = 1000
MOST_TAGS = 10
PAGE = 10


class Call(NamedTuple):
    """One request: who asks, what, and the headers beside."""

    scope: Scope
    request: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def vault(self) -> Vault:
        """The vault that the request names."""
        return shelf(self.scope).vault(self.request["vaultName"])

    def location(self, *parts: str) -> str:
        """The path of something of the vault."""
        return "/".join(["", self.scope.account, "vaults", self.request["vaultName"], *parts])


def create(call: Call) -> Members:
    """A new vault; one that is there stays as it is."""
    name = call.request["vaultName"]
    check_name(name)
    with LOCK:
        vaults = shelf(call.scope).vaults
        if name not in vaults and len(vaults) >= MOST_VAULTS:
            raise invalid(f"Vault limit exceeded: {MOST_VAULTS}")
        shelf(call.scope).create(name)
    return {"location": call.location()}


def describe(call: Call) -> Members:
    """One vault."""
    return described(call.vault)


def described(vault: Vault) -> Members:
    """A vault as it is told; AWS counts once a day, here it is counted now."""
    with LOCK:
        sizes = [record["size"] for record in vault.archives.values()]
    inventory = vault.record.get("inventory")
    return {
        "VaultARN": vault.arn,
        "VaultName": vault.name,
        "CreationDate": text(vault.record["created"]),
        "LastInventoryDate": text(inventory) if inventory else None,
        "NumberOfArchives": len(sizes),
        "SizeInBytes": sum(sizes),
    }


def list_all(call: Call) -> Members:
    """The vaults of an account and region, by name."""
    with LOCK:
        vaults = [vault for _, vault in sorted(shelf(call.scope).vaults.items())]
    found, marker = lists.page(call.request, vaults, lambda vault: vault.arn, PAGE)
    return {"VaultList": [described(vault) for vault in found], **marker}


def delete(call: Call) -> Members:
    """Delete an empty vault; one that is not there is deleted already."""
    name = call.request["vaultName"]
    with LOCK:
        found = shelf(call.scope)
        if name in found.vaults:
            vault = found.vaults[name]
            if vault.archives:
                raise invalid(f"Vault not empty or recently written to: {vault.arn}")
            found.delete(name)
    return {}


def add_tags(call: Call) -> Members:
    """Add tags or change them."""
    tags = call.request.get("Tags") or {}
    for name, value in tags.items():
        if not 0 < len(name) <= 128 or len(value) > 256:
            raise invalid(f"Invalid tag: {name}")
    with LOCK:
        vault = call.vault
        both = vault.record["tags"] | tags
        if len(both) > MOST_TAGS:
            raise invalid(f"Tag limit exceeded: {MOST_TAGS}")
        vault.record["tags"] = both
        vault.keep()
    return {}


def remove_tags(call: Call) -> Members:
    """Remove tags; those that are not there are no error."""
    with LOCK:
        vault = call.vault
        for name in call.request.get("TagKeys") or ():
            vault.record["tags"].pop(name, None)
        vault.keep()
    return {}


def list_tags(call: Call) -> Members:
    """The tags of a vault."""
    return {"Tags": call.vault.record["tags"]}


def set_notifications(call: Call) -> Members:
    """Tell a topic of jobs that are done."""
    asked = call.request.get("vaultNotificationConfig") or {}
    events = asked.get("Events") or []
    if not asked.get("SNSTopic") or not events or set(events) - EVENTS:
        raise invalid(f"Invalid notification configuration: {dict(asked)}")
    return setting(call, "notifications", {"SNSTopic": asked["SNSTopic"], "Events": events})


def get_notifications(call: Call) -> Members:
    """Which topic is told of what."""
    found = read_setting(call, "notifications", "notification configuration")
    return {"vaultNotificationConfig": found}


def delete_notifications(call: Call) -> Members:
    """Tell nobody."""
    return setting(call, "notifications", None)


def set_access_policy(call: Call) -> Members:
    """Keep a policy; like every policy here it is kept and not asked."""
    policy = (call.request.get("policy") or {}).get("Policy")
    if not policy:
        raise invalid("Invalid policy: it is empty")
    return setting(call, "access_policy", policy)


def get_access_policy(call: Call) -> Members:
    """The policy that was set."""
    return {"policy": {"Policy": read_setting(call, "access_policy", "vault access policy")}}


def delete_access_policy(call: Call) -> Members:
    """Forget the policy."""
    return setting(call, "access_policy", None)


def setting(call: Call, name: str, value: Any) -> Members:
    """Set something of a vault."""
    with LOCK:
        vault = call.vault
        vault.record[name] = value
        vault.keep()
    return {}


def read_setting(call: Call, name: str, what: str) -> Any:
    """Something that was set."""
    vault = call.vault
    found = vault.record.get(name)
    if not found:
        raise nothing_set(what, vault.arn)
    return found
