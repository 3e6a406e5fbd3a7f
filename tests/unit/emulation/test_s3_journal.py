"""Few bytes lie in the journal's table and many in a file; neither outlives its object."""

from io import BytesIO
from types import SimpleNamespace

import pytest

from emulation.services.s3 import journal as journals
from emulation.services.s3.archive import Archive
from emulation.services.s3.journal import ObjectJournal
from emulation.services.s3.key_stores import drop_replaced
from emulation.services.s3.storage import SMALL, StoredBytes

BUCKET = "bucket"


@pytest.fixture
def journal(tmp_path):
    opened = ObjectJournal(tmp_path / "hot", Archive(tmp_path / "archive"))
    yield opened
    opened.close()


def written(journal, content, key="key"):
    s3_object = SimpleNamespace(key=key, version_id=None, size=0, checksum_algorithm=None)
    with StoredBytes(journal, BUCKET, s3_object, "w") as stored:
        stored.write(BytesIO(content))
    journal.put(BUCKET, s3_object)
    return s3_object


def read(journal, s3_object):
    with StoredBytes(journal, BUCKET, s3_object, "r") as stored:
        return stored.read()


def files(journal):
    return [path for path in journal.root.glob(f"{BUCKET}/??/*") if path.is_file()]


@pytest.mark.parametrize(("size", "count"), [(0, 0), (1, 0), (SMALL, 0), (SMALL + 1, 1)])
def test_only_many_bytes_have_a_file(journal, size, count):
    content = b"x" * size
    s3_object = written(journal, content)
    assert s3_object.size == size
    assert read(journal, s3_object) == content
    assert len(files(journal)) == count


def test_parts_that_grow_past_the_limit_move_to_a_file(journal):
    part = b"p" * (SMALL // 2 + 1)
    s3_object = SimpleNamespace(key="key", version_id=None, size=0, checksum_algorithm=None)
    with StoredBytes(journal, BUCKET, s3_object, "w") as stored:
        for _ in range(3):
            stored.append(BytesIO(part))
    assert read(journal, s3_object) == part * 3
    assert len(files(journal)) == 1


@pytest.mark.parametrize("size", [10, SMALL + 1])
def test_what_is_replaced_is_read_to_the_end_and_then_gone(journal, monkeypatch, size):
    started = []
    monkeypatch.setattr(journals.threading.Timer, "start", lambda timer: started.append(timer))
    old = written(journal, b"o" * size)
    new = written(journal, b"n" * size)
    drop_replaced(journal, BUCKET, old, new)
    assert read(journal, old) == b"o" * size
    (timer,) = started
    timer.function()
    assert journal.content(old.file_name) is None
    assert len(files(journal)) == (1 if size > SMALL else 0)
    assert read(journal, new) == b"n" * size


@pytest.mark.parametrize("size", [10, SMALL + 1])
def test_bytes_that_no_object_names_are_removed(journal, size):
    stray, kept = written(journal, b"s" * size, "stray"), written(journal, b"k" * size, "kept")
    journal.drop_strays(BUCKET, [kept])
    assert journal.content(stray.file_name) is None
    assert len(files(journal)) == (1 if size > SMALL else 0)
    assert read(journal, kept) == b"k" * size


def test_a_bucket_takes_its_bytes_with_it(journal):
    s3_object = written(journal, b"few")
    journal.delete_bucket(BUCKET)
    assert journal.content(s3_object.file_name) is None


def test_objects_are_there_when_the_journal_is_opened_again(journal, tmp_path):
    written(journal, b"few")
    again = ObjectJournal(tmp_path / "hot", Archive(tmp_path / "archive"))
    (found,) = again.objects(BUCKET)
    assert read(again, found) == b"few"
    again.close()
