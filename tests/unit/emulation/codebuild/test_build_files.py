"""Files into and out of a build."""

import zipfile

import pytest

from emulation.compute.builds.buildspec import Files
from emulation.compute.builds.files import FilesError, fits, pack, plain_part, select, unpack


@pytest.fixture
def tree(tmp_path):
    for name in ("a.txt", "b.log", "dist/c.txt", "dist/deep/d.txt", ".hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def names(tree, *patterns, **options):
    return [file.name for file in select(tree, Files(patterns, **options))]


def test_patterns(tree):
    assert names(tree, "**/*") == [".hidden", "a.txt", "b.log", "dist/c.txt", "dist/deep/d.txt"]
    assert names(tree, "*.txt") == ["a.txt"]
    assert names(tree, "**/*.txt") == ["a.txt", "dist/c.txt", "dist/deep/d.txt"]
    assert names(tree, "dist") == ["dist/c.txt", "dist/deep/d.txt"]
    assert names(tree, "./dist/*/d.txt", "a.txt") == ["a.txt", "dist/deep/d.txt"]
    assert names(tree, "**/*", base="dist", discard_paths=True) == ["c.txt", "d.txt"]
    assert names(tree, "**/*", base="d*", excluded=("deep/*",)) == ["c.txt"]


def test_nothing_that_fits_is_an_error(tree):
    with pytest.raises(FilesError, match="no matching artifact paths found"):
        names(tree, "none/**/*")
    with pytest.raises(FilesError, match="no matching base directory path found for none"):
        names(tree, "*", base="none")


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("a/b", "a/*", True),
        ("a/b/c", "a/*", True),
        ("ab", "a?", True),
        ("b/a", "a", False),
        ("x.py", "[!x].py", False),
        ("y.py", "[!x].py", True),
        ("a.b", "a.b", True),
        ("acb", "a.b", False),
    ],
)
def test_fits(name, pattern, expected):
    assert fits(name, pattern) is expected


def test_only_what_can_fit_is_searched():
    assert plain_part("a/b/*/c") == "a/b"
    assert plain_part("**/*") == ""
    assert plain_part("./a/*.txt") == "a"


def test_zip_keeps_rights_and_links(tree, tmp_path_factory):
    (tree / "a.txt").chmod(0o755)
    (tree / "link").symlink_to("a.txt")
    archive = tmp_path_factory.mktemp("out") / "x.zip"
    pack(select(tree, Files(("*",), keep_links=True)), archive, keep_links=True)
    folder = tmp_path_factory.mktemp("again")
    unpack(archive, folder)
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o755
    assert (folder / "link").readlink().name == "a.txt"


def test_names_that_leave_the_folder_are_refused(tmp_path):
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../out", "x")
    with pytest.raises(FilesError, match="illegal file path"):
        unpack(archive, tmp_path / "in")
    assert not (tmp_path / "out").exists()


def test_what_is_no_zip_says_so(tmp_path):
    (tmp_path / "x.zip").write_text("no")
    with pytest.raises(FilesError, match="zip: not a valid zip file"):
        unpack(tmp_path / "x.zip", tmp_path / "in")
