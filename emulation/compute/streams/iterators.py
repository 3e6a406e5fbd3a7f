"""Shard iterators: a place in a shard, as a text that says nothing to its holder."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import blake2b
from typing import NamedTuple

from emulation.compute.streams.errors import ExpiredIterator, InvalidIterator

LIFETIME_MS = 5 * 60 * 1000
_CHECK_BYTES = 8


class Place(NamedTuple):
    """The next record that is read: whose, from which shard, and since when it is waited for."""

    account: str
    name: str
    stream_id: str
    shard: int
    ordinal: int
    made_ms: int


def write(place: Place) -> str:
    """The iterator of a place."""
    text = "|".join(str(part) for part in place).encode()
    return urlsafe_b64encode(_check(text) + text).decode()


def read(iterator: str, now_ms: int) -> Place:
    """The place of an iterator that is not too old."""
    try:
        content = urlsafe_b64decode(iterator.encode("ascii"))
    except (NotBase64, ValueError) as error:
        raise InvalidIterator(iterator) from error
    text = content[_CHECK_BYTES:]
    if content[:_CHECK_BYTES] != _check(text):
        raise InvalidIterator(iterator)
    account, name, stream_id, shard, ordinal, made_ms = text.decode().split("|")
    if now_ms - int(made_ms) > LIFETIME_MS:
        raise ExpiredIterator(int(made_ms), now_ms)
    return Place(account, name, stream_id, int(shard), int(ordinal), int(made_ms))


def _check(text: bytes) -> bytes:
    return blake2b(text, digest_size=_CHECK_BYTES, person=b"iterator").digest()
