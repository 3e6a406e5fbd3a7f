"""A pipeline's declaration with everything that AWS adds to it."""

import copy

from emulation.services.codepipeline.store import Members


def normal(given: Members, *, kind: str) -> Members:
    """A declaration with everything that AWS adds to it; `kind` where it does not say."""
    declaration = copy.deepcopy(given)
    modern = declaration.get("variables") or declaration.get("triggers")
    declaration.setdefault("pipelineType", "V2" if modern else kind)
    declaration.setdefault("executionMode", "SUPERSEDED")
    for stage in declaration["stages"]:
        for action in stage["actions"]:
            action.setdefault("runOrder", 1)
            for name in ("inputArtifacts", "outputArtifacts"):
                action.setdefault(name, [])
            action.setdefault("configuration", {})
    return declaration
