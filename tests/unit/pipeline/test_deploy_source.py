"""The source is its files and nothing else, and is all that a build needs."""

import io
import re
import zipfile

import pytest

from pipeline.deploy import bundle
from pipeline.deploy.source import PATTERNS, Source

SHIPPED = (
    "api/",
    "pipeline/",
    "models/",
    "spark_jobs/",
    "tests/unit/models/",
    "tests/unit/pipeline/",
)


@pytest.fixture
def tree(tmp_path):
    """A small tree with a file at every pattern."""
    for pattern in PATTERNS:
        path = tmp_path / pattern.replace("**/*", "part.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pattern)
    return tmp_path


def test_same_files_are_the_same_source(tree):
    one = Source(tree)
    assert (one.digest, one.content) == (Source(tree).digest, Source(tree).content)


def test_another_file_is_another_source(tree):
    before = Source(tree).digest
    (tree / "models" / "more.py").write_text("")
    assert Source(tree).digest != before


@pytest.mark.parametrize("name", ["emulation/x.py", "models/__pycache__/x.pyc", ".venv/x.py"])
def test_what_is_not_delivered_changes_nothing(tree, name):
    before = Source(tree).digest
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("other")
    assert Source(tree).digest == before


def test_unpacked_source_is_the_same_source_again(tmp_path):
    source = Source()
    zipfile.ZipFile(io.BytesIO(source.content)).extractall(tmp_path)
    assert Source(tmp_path).digest == source.digest
    for recipe in bundle.RECIPES:
        assert bundle.gather(recipe, tmp_path).key == bundle.gather(recipe).key


def test_source_holds_nothing_of_what_stands_in_for_aws():
    names = zipfile.ZipFile(io.BytesIO(Source().content)).namelist()
    others = {name for name in names if not name.startswith(SHIPPED)}
    assert others == {
        "pyproject.toml",
        "requirements.lock",
        "tests/conftest.py",
        "tests/unit/conftest.py",
    }


def pins(path):
    """Version and hashes by the package's name."""
    lines = (bundle.ROOT / path).read_text().replace("\\\n", "").splitlines()
    found = (re.match(r"(\S+)==(\S+)(.*)", line) for line in lines)
    return {
        line[1]: (line[2], sorted(re.findall(r"sha256:\w+", line[3]))) for line in found if line
    }


@pytest.mark.parametrize("part", ["delivery", "buildspecs"])
def test_builds_run_with_what_the_lock_has(part):
    locked, installed = pins("requirements.lock"), pins(f"pipeline/{part}/requirements.txt")
    assert len(installed) > 10
    assert {name: locked[name] for name in installed} == installed
    text = (bundle.ROOT / f"pipeline/{part}/requirements.txt").read_text()
    assert "://" not in text
