"""House rules that a linter cannot say."""

import ast
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("pipeline", "emulation", "spark_jobs", "models", "api")
MAX_LINES = 400
BLIND_EXCEPT_ALLOWED: set[str] = set()
"""The request boundary and the supervisor loop, by path."""


def sources(*folders: str) -> list[Path]:
    folders = folders or PACKAGES
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize(
    "path", sources(*PACKAGES, "tests", "benchmarks"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_file_is_short_enough_to_read(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_blind_except(path):
    if str(path.relative_to(ROOT)) in BLIND_EXCEPT_ALLOWED:
        return
    handlers = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
    ]
    blind = [
        node.lineno
        for node in handlers
        if node.type is None
        or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
    ]
    assert not blind, f"blind except in lines {blind}"


def test_no_module_is_a_drawer():
    assert not [path for path in sources() if path.stem in {"utils", "helpers", "misc", "common"}]


def test_tests_are_not_packages():
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_moto_is_absent():
    """It installs the same files as moto-ext, and the later one silently wins."""
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.distribution("moto")


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_ours(package):
    module = __import__(package)
    assert Path(module.__file__).parent == ROOT / package
