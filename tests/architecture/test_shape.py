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


def test_files_are_short_enough_to_read():
    paths = sources(*PACKAGES, "tests", "benchmarks")
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_LINES}


def test_no_blind_except():
    found = {str(path.relative_to(ROOT)): blind_handlers(path) for path in sources()}
    blind = {name: lines for name, lines in found.items() if lines}
    assert not {name: lines for name, lines in blind.items() if name not in BLIND_EXCEPT_ALLOWED}


def blind_handlers(path: Path) -> list[int]:
    """The lines of a module that catch everything."""
    text = path.read_text()
    if "except" not in text:
        return []
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]


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
