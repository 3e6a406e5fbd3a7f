"""Requests of the Runtime API's clients, as bytes."""

import io

import pytest

from emulation.compute.lambda_http import HttpRequest, response


def read(text: bytes):
    sent = []
    request = HttpRequest.read(io.BytesIO(text), sent.append)
    return request, b"".join(sent)


def test_request_with_a_body():
    request, sent = read(b"POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcdef")
    assert (request.method, request.path, request.body) == ("POST", "/a/b", b"abc")
    assert request.headers == {"host": "x", "content-length": "3"}
    assert sent == b""


def test_body_in_chunks_and_its_trailers():
    text = (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;note=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext"
    )
    reader = io.BytesIO(text)
    assert HttpRequest.read(reader, len).body == b"abc0123456789"
    assert reader.read() == b"next"


def test_client_that_asks_first_is_told_to_go_on():
    text = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    request, sent = read(text)
    assert (request.body, sent) == (b"x", b"HTTP/1.1 100 Continue\r\n\r\n")


def test_end_of_the_connection_is_no_request():
    assert read(b"")[0] is None


def test_what_is_no_http_is_an_error():
    with pytest.raises(ValueError, match="not enough values"):
        read(b"hello\r\n\r\n")


def test_response_is_one_piece():
    assert response(202, b"{}", {"A": "b"}) == (
        b"HTTP/1.1 202 Accepted\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"
    )
