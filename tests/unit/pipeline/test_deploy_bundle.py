"""A bundle depends on its files and on nothing else."""

import ast
import io
import re
import tarfile
import zipfile
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from pipeline.deploy import bundle
from pipeline.deploy.bundle import Bundle, Recipe, build, tarred, zipped
from pipeline.errors import BundleError

FILES = {"b/late.py": b"late = 1\n", "a.py": b""}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_same_files_give_the_same_bytes_in_any_order(pack):
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_zip_holds_the_files():
    with zipfile.ZipFile(io.BytesIO(zipped(FILES))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_tar_holds_the_files():
    with tarfile.open(fileobj=io.BytesIO(tarred(FILES)), mode="r:gz") as archive:
        assert {item.name: archive.extractfile(item).read() for item in archive} == FILES


def test_key_follows_the_content():
    recipe = Recipe("Key", "code", ".zip", (), zipped)
    keys = {Bundle(recipe, files).key for files in (FILES, {**FILES, "a.py": b"#"}, {})}
    assert len(keys) == 3
    assert Bundle(recipe, FILES).key == Bundle(recipe, dict(FILES)).key


def test_content_moved_between_files_is_another_content():
    recipe = Recipe("Key", "code", ".zip", (), zipped)
    assert Bundle(recipe, {"a": b"xy", "b": b""}).key != Bundle(recipe, {"a": b"x", "b": b"y"}).key


def test_missing_file_is_told_by_its_pattern(tmp_path):
    with pytest.raises(BundleError, match="lambda finds nothing at pipeline/__init__.py"):
        build("LambdaBundleKey", tmp_path)


def test_lambda_bundle_holds_what_handlers_import_and_nothing_of_the_operator():
    names = set(build("LambdaBundleKey").files)
    assert {"pipeline/aws.py", "pipeline/contracts/events.py"} <= names
    assert not [name for name in names if name.startswith(("pipeline/deploy", "pipeline/config"))]
    assert not [name for name in names if name.endswith((".yaml", ".pyc"))]


@pytest.mark.parametrize("recipe", bundle.RECIPES, ids=lambda recipe: recipe.name)
def test_bundle_holds_every_module_of_ours_that_its_modules_import(recipe):
    if recipe.pack is bundle.alone:
        pytest.skip("a single script; its modules are another bundle's")
    files = build(recipe.parameter).files
    top = {name.split("/")[0] for name in files}
    missing = {
        module
        for name, content in files.items()
        if name.endswith(".py")
        for module in imported(content)
        if module.split(".")[0] in top and not shipped(module, files)
    }
    assert not missing


def imported(source: bytes) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def shipped(module: str, files) -> bool:
    path = module.replace(".", "/")
    return f"{path}.py" in files or f"{path}/__init__.py" in files


def test_consumers_bundle_holds_the_worker_and_what_it_installs_and_nothing_of_the_operator():
    names = set(build("ConsumerBundleKey").files)
    assert {"pipeline/consumers/__main__.py", "pipeline/consumers/requirements.txt"} <= names
    folders = ("pipeline/consumers/", "pipeline/contracts/")
    others = {name for name in names if not name.startswith(folders)}
    assert others == {"pipeline/__init__.py", "pipeline/aws.py", "pipeline/errors.py"}


def test_consumers_requirements_are_those_of_the_lock():
    locked, shipped = pins("requirements.lock"), pins("pipeline/consumers/requirements.txt")
    assert {name: locked[name] for name in shipped} == shipped
    assert set(shipped) == needed("boto3")


def pins(path):
    """Version and hashes by the package's name."""
    lines = (bundle.ROOT / path).read_text().replace("\\\n", "").splitlines()
    found = (re.match(r"(\S+)==(\S+)(.*)", line) for line in lines)
    return {
        line[1]: (line[2], sorted(re.findall(r"sha256:\w+", line[3]))) for line in found if line
    }


def needed(package):
    """The package, and what it cannot do without."""
    found = map(Requirement, metadata.requires(package) or ())
    names = {r.name for r in found if not r.marker or r.marker.evaluate({"extra": ""})}
    return {package}.union(*(needed(name) for name in names))
