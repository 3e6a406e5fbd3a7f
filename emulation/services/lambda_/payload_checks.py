"""A payload that is no JSON never reaches a function: refused in the words of the parser that AWS
uses (Jackson), as far as its common complaints go.
"""

import base64
import binascii
import json
import re
from typing import Never

from localstack.aws.api.lambda_ import InvalidRequestContentException

VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
EXPECTED = {
    "Expecting property name enclosed in double quotes": "was expecting double-quote to start "
    "field name",
    "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
    "Expecting ',' delimiter": "was expecting comma to separate entries",
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
}
SHOWN_CHARACTERS = 500
TOKEN = re.compile(r"[^\W\d]\w*")


def check_payload(payload: bytes) -> None:
    """Refuse what is no JSON; an empty payload is none.

    Raises:
        InvalidRequestContentException: saying what is wrong, and where.
    """
    if not payload:
        return
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        kind = "start" if error.reason == "invalid start byte" else "middle"
        _refuse(f"Invalid UTF-8 {kind} byte 0x{payload[error.start]:02x}")
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        shown = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "[truncated]"
        complaint, column = _complaint(error, text)
        place = f'[Source: (byte[])"{shown}"; line: {error.lineno}, column: {column}]'
        _refuse(f"{complaint}\n at {place}")


def check_client_context(context: str | None) -> None:
    """Refuse a client context that the runtime could not give to the function.

    Raises:
        InvalidRequestContentException: it is no JSON object in Base64.
    """
    if not context:
        return
    try:
        value = json.loads(base64.b64decode(context, validate=True))
    except (binascii.Error, ValueError):
        value = None
    if not isinstance(value, dict):
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object.", Type="User"
        )


def _complaint(error: json.JSONDecodeError, text: str) -> tuple[str, int]:
    """What is wrong, and the column behind it."""
    column = error.colno + 1
    if error.pos >= len(text.rstrip()):
        return "Unexpected end-of-input", column
    if token := TOKEN.match(text, error.pos):
        complaint = f"Unrecognized token '{token.group()}': was expecting {VALUE}"
        return complaint, error.colno + len(token.group())
    character = text[error.pos]
    expected = EXPECTED.get(error.msg, f"expected a valid value {VALUE}")
    return f"Unexpected character ('{character}' (code {ord(character)})): {expected}", column


def _refuse_constant(name: str) -> Never:
    _refuse(
        f"Non-standard token '{name}': enable JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS to allow"
    )


def _refuse(complaint: str) -> Never:
    raise InvalidRequestContentException(
        f"Could not parse request body into json: Could not parse payload into json: {complaint}",
        Type="User",
    )
