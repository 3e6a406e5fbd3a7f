"""Bodies of requests and answers on their way between the event loop and the threads."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

BODY_IN_MEMORY = 16 * 1024 * 1024
"""Larger requests wait in a file; in bytes."""

PIECE = 1024 * 1024
"""What of an answer is read and sent at once, in bytes."""

ON_LEAVE = "emulation.on_leave"
"""Where in a request's environment the source of an answer that waits for something puts what is
called when the client leaves.
"""


class Disconnected(ConnectionError):
    """The client went away before its request was whole."""


async def whole_body(receive: Any) -> BytesIO | IO[bytes]:
    """The body of a request, as a file at its start; a BytesIO when it is not large.

    Raises:
        Disconnected: it never became whole; what is half there is not to be acted upon.
    """
    message = await received(receive)
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body") and size <= BODY_IN_MEMORY:
        message = await received(receive)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    body: IO[bytes] = BytesIO(b"".join(parts))
    return await _continued(body, receive) if message.get("more_body") else body


async def _continued(body: IO[bytes], receive: Any) -> IO[bytes]:
    # Closed by the collector, when the request is done with.
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115
    file.write(body.read())
    more = True
    while more:
        message = await received(receive)
        file.write(message.get("body", b""))
        more = message.get("more_body", False)
    file.seek(0)
    return file


async def received(receive: Any) -> dict[str, Any]:
    """The next part of a request."""
    message: dict[str, Any] = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


class AnswerBody:
    """The body of an answer, read in a thread: in large pieces when its length is known, otherwise
    as it comes, because somebody may wait for each part of it.
    """

    def __init__(
        self, parts: Iterable[bytes], *, known_length: bool, on_leave: Sequence[Callable[[], None]]
    ) -> None:
        self._on_leave = on_leave
        self._parts: Iterator[bytes] = iter(parts)
        self._close: Callable[[], None] = getattr(parts, "close", lambda: None)
        self._at_least = PIECE if known_length else 1
        self.is_read = False

    def read(self) -> bytes:
        """The next piece; `is_read` tells whether it was the last."""
        with ExitStack() as cleanup:
            cleanup.callback(self.close)
            piece = b"".join(self._next_parts())
            if not self.is_read:
                cleanup.pop_all()
        return piece

    def _next_parts(self) -> Iterator[bytes]:
        size = 0
        while size < self._at_least:
            part = next(self._parts, None)
            if part is None:
                self.is_read = True
                return
            yield part
            size += len(part)

    def leave(self) -> None:
        """Tell a source that waits for its next part that nobody does with it; also while it is
        read.
        """
        for each in self._on_leave:
            each()

    def close(self) -> None:
        """Tell the source that nobody reads on."""
        self._close()
