"""The law: what we deploy and what stands in for AWS know nothing of each other."""

import ast
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"pipeline", "emulation", "spark_jobs", "models", "api"}
APPLICATION = OURS - {"emulation"}

ALLOWED_OF_OURS = {
    "pipeline.contracts": {"pipeline.contracts"},
    "pipeline": {"pipeline"},
    "spark_jobs": {"spark_jobs", "pipeline.contracts"},
    "models": {"models", "pipeline.contracts"},
    # The monitor puts metrics and picks objects out of a lake: it is a client of AWS.
    "models.monitoring": {"models", "pipeline.contracts", "pipeline.aws"},
    "api": {"api", "pipeline.aws", "pipeline.contracts"},
    "emulation.compute": {"emulation.compute"},
    "emulation": {"emulation"},
}
"""The longest prefix of a module's name decides which modules of ours it may import."""


def modules() -> list[Path]:
    return sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def under(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def owner(name: str) -> str:
    return max((prefix for prefix in ALLOWED_OF_OURS if under(name, {prefix})), key=len)


def test_modules_import_only_what_the_law_allows():
    forbidden = {module_name(path): sorted(against_the_law(path)) for path in modules()}
    assert not {name: items for name, items in forbidden.items() if items}


def against_the_law(path: Path) -> set[str]:
    """The modules of ours that this one may not import."""
    allowed = ALLOWED_OF_OURS[owner(module_name(path))]
    ours = {item for item in imports(path) if item.split(".")[0] in OURS}
    return {item for item in ours if not under(item, allowed)}


def test_only_the_gateway_side_imports_localstack():
    elsewhere = [
        path for path in modules() if under(module_name(path), APPLICATION | {"emulation.compute"})
    ]
    found = {
        module_name(path): [item for item in imports(path) if under(item, {"localstack", "moto"})]
        for path in elsewhere
    }
    assert not {name: items for name, items in found.items() if items}


def test_contracts_import_only_the_standard_library():
    found = {
        item.split(".")[0]
        for path in (ROOT / "pipeline/contracts").rglob("*.py")
        for item in imports(path)
    }
    assert found <= set(sys.stdlib_module_names) | {"pipeline"}


def test_only_one_module_builds_aws_clients():
    builders = [
        module_name(path)
        for path in modules()
        if under(module_name(path), {"pipeline", "api"}) and under_any(imports(path), "boto3")
    ]
    assert builders == ["pipeline.aws"]


def under_any(names: set[str], prefix: str) -> bool:
    return any(under(name, {prefix}) for name in names)
