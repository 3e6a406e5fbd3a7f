"""A build's context, as clients send it."""

import io
import tarfile

import pytest

from emulation.compute.process_images.context import unpack


def archive(**files: str) -> bytes:
    """Files one after the other, without what pads the last one or ends the archive."""
    found = b""
    for name, text in files.items():
        member = tarfile.TarInfo(name)
        member.size = len(text)
        found += bytes(-len(found) % tarfile.BLOCKSIZE) + member.tobuf() + text.encode()
    return found


def test_context_that_ends_with_its_last_file_is_whole(tmp_path):
    unpack(io.BytesIO(archive(first="one", Dockerfile="FROM scratch")), tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "first": "one",
        "Dockerfile": "FROM scratch",
    }


def test_context_that_ends_within_a_file_is_refused(tmp_path):
    with pytest.raises(tarfile.ReadError):
        unpack(io.BytesIO(archive(first="one", Dockerfile="FROM scratch")[:-4]), tmp_path)


@pytest.mark.parametrize("sent", [b"", b"FROM scratch"])
def test_what_is_no_archive_is_refused(sent, tmp_path):
    with pytest.raises(tarfile.ReadError):
        unpack(io.BytesIO(sent), tmp_path)
