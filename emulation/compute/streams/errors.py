"""What can go wrong in the stream engine.

StreamError
+-- StreamExists          a name that is taken
+-- StreamMissing         no such stream
+-- ShardMissing          no such shard in the stream
+-- InvalidRequest        what was asked contradicts the stream's state; the text says how
+-- InvalidIterator       not an iterator of this engine
+-- ExpiredIterator       an iterator older than five minutes
+-- StorageFailed         the disk refused; nothing of the write is kept
"""


class StreamError(Exception):
    """The root; each subclass is one thing that a caller can do something about."""


class StreamExists(StreamError):
    """A stream of this name exists."""


class StreamMissing(StreamError):
    """The stream does not exist."""


class ShardMissing(StreamError):
    """The stream has no such shard."""


class InvalidRequest(StreamError):
    """The request contradicts the state of the stream."""


class InvalidIterator(StreamError):
    """The text is no shard iterator."""


class ExpiredIterator(StreamError):
    """The iterator is too old: when it was made, and when it was used."""

    def __init__(self, made_ms: int, used_ms: int) -> None:
        super().__init__(made_ms, used_ms)
        self.made_ms = made_ms
        self.used_ms = used_ms


class StorageFailed(StreamError):
    """The disk refused a write; none of its records is stored."""
