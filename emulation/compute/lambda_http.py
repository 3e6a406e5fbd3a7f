"""As much of HTTP/1.1 as the clients of the Runtime API speak. `http.server` reads headers with a
parser of e-mails, which takes longer than all the rest of an invocation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO, Self

JSON = {"Content-Type": "application/json"}
LINE_ENDS = (b"\r\n", b"\n", b"")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; its headers' names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def read(cls, reader: BinaryIO, send: Callable[[bytes], object]) -> Self | None:
        """The next request of a connection; None at its end.

        Raises:
            ValueError: it is no HTTP.
        """
        line = reader.readline()
        if not line:
            return None
        method, path, _ = line.decode("latin1").split(" ", 2)
        headers = {}
        while (line := reader.readline()) not in LINE_ENDS:
            name, _, value = line.decode("latin1").partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            # curl waits a second for it before it sends a large body.
            send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return cls(method, path, headers, _body(reader, headers))


def _body(reader: BinaryIO, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return reader.read(int(headers.get("content-length") or 0))
    chunks = []
    while size := int(reader.readline().split(b";")[0], 16):
        chunks.append(reader.read(size))
        reader.readline()
    # Trailers, of which none means anything here.
    while reader.readline() not in LINE_ENDS:
        pass
    return b"".join(chunks)


def response(status: int, body: bytes = b"{}", headers: Mapping[str, str] = JSON) -> bytes:
    """An answer, in one piece: header and body apart would wait for a delayed acknowledgement."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
