"""The types of actions and rules that are carried out here."""

from emulation.services.codepipeline.action_types import TYPES, told
from emulation.services.codepipeline.rules import KEYS
from emulation.services.codepipeline.store import Members
from emulation.services.scope import Scope


def list_action_types(_: Scope, request: Members) -> Members:
    """ListActionTypes; nobody but AWS has any."""
    if request.get("actionOwnerFilter", "AWS") != "AWS":
        return {"actionTypes": []}
    return {"actionTypes": [told(key) for key in TYPES]}


def list_rule_types(_: Scope, __: Members) -> Members:
    """ListRuleTypes."""
    names = [
        {"name": key, "required": True, "key": True, "secret": False, "queryable": False}
        for key in KEYS
    ]
    identifier = {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"}
    none = {"minimumCount": 0, "maximumCount": 0}
    kind = {"id": identifier, "ruleConfigurationProperties": names, "inputArtifactDetails": none}
    return {"ruleTypes": [kind]}
