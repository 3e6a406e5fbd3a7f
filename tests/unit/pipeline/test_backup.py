"""What a backup names its copies, and what it leaves alone."""

from dataclasses import asdict

import pytest

from pipeline.errors import SettingError
from pipeline.orchestration import archives, backup, manifests, restore
from pipeline.orchestration.archives import ClassArchive, Copy, Source
from pipeline.orchestration.manifests import Manifest

SOURCE = Source("processed/a.parquet", 5, "0a1b")
COPY = Copy(SOURCE, "objects/processed/a.parquet/0a1b-5", "ff" * 32)


def test_copy_is_named_after_key_and_content():
    archive = ClassArchive("backup", "GLACIER")
    assert archive.place(SOURCE) == COPY.place
    assert archive.place(Source(SOURCE.key, 5, "other")) != COPY.place


def test_plan_leaves_out_what_is_held(monkeypatch):
    new = Source("processed/b.parquet", 7, "0c")
    monkeypatch.setattr(backup, "sources", lambda *_: [SOURCE, new])
    archive = ClassArchive("backup", "GLACIER")
    monkeypatch.setattr(ClassArchive, "held", lambda *_: {COPY.place})
    planned = backup.plan("lake", "processed/", archive)
    assert planned.missing == [new]
    assert "2 objects" in planned.tell(archive)
    assert "1, 0.000 GB in 1 requests" in planned.tell(archive)


def test_manifest_is_read_as_it_was_written():
    made = Manifest("20130101T000000Z", "processed/", "GLACIER", [COPY])
    assert manifests.of(asdict(made)) == made
    assert manifests.key("raw/", "x") == "manifests/raw/x.json"


def test_restore_compares_by_tag_then_by_sha256(monkeypatch):
    others = [Source(f"processed/{name}", 5, "1") for name in ("same", "moved", "new")]
    copies = [Copy(source, source.key, "00") for source in others]
    now = [others[0], Source(others[1].key, 5, "restored in parts")]
    monkeypatch.setattr(restore, "sources", lambda *_: now)
    for equal in (True, False):
        monkeypatch.setattr(restore, "has_sha256", lambda *_, equal=equal: equal)
        found = restore.compare(Manifest("id", "processed/", "GLACIER", copies), "lake")
        assert found.absent == [copies[2]]
        assert (found.there if equal else found.different)[-1] == copies[1]


def test_prefix_is_a_folder():
    for prefix in ("processed", "/processed/", ""):
        with pytest.raises(SettingError, match="--prefix must be a folder"):
            backup.check_prefix(prefix)


def test_common_prefix_is_what_is_listed():
    assert archives.common_prefix({"a/b1", "a/b2"}) == "a/b"
    assert archives.common_prefix({"a/b1"}) == "a/b1"
    assert archives.common_prefix(set()) == ""


def test_archived_copy_is_readable_when_it_is_restored():
    glacier = {"StorageClass": "GLACIER"}
    assert not archives.is_readable(glacier)
    assert not archives.is_readable(glacier | {"RestoreStatus": {"IsRestoreInProgress": True}})
    assert archives.is_readable(glacier | {"RestoreStatus": {"IsRestoreInProgress": False}})
    assert archives.is_readable({"StorageClass": "STANDARD"})
