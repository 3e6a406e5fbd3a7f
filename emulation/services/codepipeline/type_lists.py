"""The types of actions and rules that are carried out here."""

from emulation.services.codepipeline.action_types import TYPES, told
from emulation.services.codepipeline.store import Members
from emulation.services.scope import Scope


def list_action_types(_: Scope, request: Members) -> Members:
    """ListActionTypes; nobody but AWS has any."""
    if request.get("actionOwnerFilter", "AWS") != "AWS":
        return {"actionTypes": []}
    return {"actionTypes": [told(key) for key in TYPES]}


def list_rule_types(_: Scope, __: Members) -> Members:
    """ListRuleTypes."""
    return {"ruleTypes": []}
