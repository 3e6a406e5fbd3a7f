"""Layers: archives that say what was changed and removed, and trees made of them."""

import io
import stat
import tarfile

import pytest

from emulation.compute.process_images.accounts import account
from emulation.compute.process_images.blobs import Blobs
from emulation.compute.process_images.image import ImageError
from emulation.compute.process_images.layers import LayerError, pack, unpack
from emulation.compute.process_images.merging import merge


@pytest.fixture
def blobs(tmp_path):
    return Blobs(tmp_path / "blobs")


def lay(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def listing(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_layer_is_packed_and_unpacked_the_same(tmp_path, blobs):
    folder = lay(tmp_path / "layer", {"a/b": "one", ".wh.gone": ""})
    (folder / "link").symlink_to("/a/b")
    (folder / "a" / "b").chmod(0o750)
    layer = pack(folder, blobs, {"a/b": (33, 34)})
    assert pack(folder, blobs, {"a/b": (33, 34)}) == layer
    with tarfile.open(blobs.path(layer.digest)) as archive:
        member = archive.getmember("a/b")
        assert (member.uid, member.gid, member.uname) == (33, 34, "")
    (tmp_path / "again").mkdir()
    unpack(blobs.path(layer.digest), layer.diff_id, tmp_path / "again")
    assert listing(tmp_path / "again") == listing(folder)
    assert stat.S_IMODE((tmp_path / "again/a/b").stat().st_mode) == 0o750
    assert str((tmp_path / "again/link").readlink()) == "/a/b"


def archived(blobs, members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member in members:
            archive.addfile(member)
    return blobs.path(blobs.add(buffer.getvalue()))


def test_layers_that_lead_out_or_are_damaged_are_refused(tmp_path, blobs):
    outside, link, through = (tarfile.TarInfo(name) for name in ("../x", "l", "l/x"))
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    (tmp_path / "root").mkdir()
    for members in ([outside], [link, through]):
        with pytest.raises(LayerError, match="leads out of the layer"):
            unpack(archived(blobs, members), "sha256:x", tmp_path / "root")
    with pytest.raises(LayerError, match="wrong diff id"):
        unpack(archived(blobs, [tarfile.TarInfo("x")]), "sha256:x", tmp_path / "root")
    damaged = blobs.path(blobs.add(b"\x1f\x8bno archive"))
    with pytest.raises(LayerError, match="failed to extract layer"):
        unpack(damaged, "sha256:x", tmp_path / "root")


def test_later_layers_replace_and_remove(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    first = lay(tmp_path / "1", {"a/b": "1", "a/c": "1", "d/e": "1", "f": "1"})
    second = lay(tmp_path / "2", {"a/b": "2", "a/.wh.c": "", "d/.wh..wh..opq": "", "d/g": "2"})
    (second / "f").mkdir()
    for layer in (first, second):
        merge(layer, root, hides=False)
    assert listing(root) == {"a/b": "2", "d/g": "2"}
    assert (root / "f").is_dir()


def test_accounts_are_those_of_the_uppermost_files(tmp_path):
    upper = lay(tmp_path / "up", {"etc/passwd": "app:x:5:6::/home/app:/bin/sh\n"})
    below = lay(tmp_path / "down", {"etc/passwd": "no:x:1:1::/:/x\n", "etc/group": "g:x:9:app\n"})
    found = account("app", upper, below)
    assert (found.user, found.group, found.groups, found.home) == (5, 6, (6, 9), "/home/app")
    assert (account("7", upper, below).user, account("app:g", upper, below).group) == (7, 9)
    for text, message in (("no", "unable to find user no"), ("app:x", "unable to find group x")):
        with pytest.raises(ImageError, match=message):
            account(text, upper, below)
