"""TO_CHAR, TO_DATE and TO_TIMESTAMP formats: Redshift's tokens as DuckDB's.

A format is taken apart here, while the statement is translated, so that a token nobody computes is
refused and never printed as itself.
"""

import re

from sqlglot import exp

from emulation.compute.redshift_sql.errors import NotEmulatedError

TOKENS = (
    "HH24", "HH12", "HH", "MI", "SSSS", "SS", "MS", "US", "AM", "PM", "A.M.", "P.M.", "YYYY",
    "YYY", "YY", "Y,YYY", "IYYY", "MONTH", "MON", "MM", "DAY", "DY", "DDD", "DD", "D", "IW", "WW",
    "W", "Q", "J", "CC", "TZ", "OF", "RM", "Y", "TH", "FM", "I",
)  # fmt: skip

SCANNER = re.compile(
    r'"(?P<quoted>[^"]*)"|(?P<fill>FM)?(?P<token>'
    + "|".join(re.escape(token) for token in sorted(TOKENS, key=len, reverse=True))
    + r")(?P<ordinal>TH)?|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)

PRINTED = {
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "MS": "%g", "US": "%f",
    "YYYY": "%Y", "YY": "%y", "IYYY": "%G", "MM": "%m", "DD": "%d", "DDD": "%j", "IW": "%V",
}  # fmt: skip
"""Tokens that DuckDB prints with the same digits."""

NAMES = {"MONTH": ("%B", 9), "MON": ("%b", 3), "DAY": ("%A", 9), "DY": ("%a", 3)}

PARSED = {
    **PRINTED,
    "MONTH": "%B",
    "MON": "%b",
    "DAY": "%A",
    "DY": "%a",
    "AM": "%p",
    "PM": "%p",
}

NUMERIC = re.compile(r"(?:FM)?[09.,DGSLMIPRV$ ]*[09][09.,DGSLMIPRV$ ]*", re.IGNORECASE)


def is_numeric_format(pattern: str) -> bool:
    """Whether a TO_CHAR format is one of numbers."""
    return NUMERIC.fullmatch(pattern) is not None


def date_format(value: exp.Expr, pattern: str) -> exp.Expr:
    """TO_CHAR of a time: the pieces of the format, one behind the other."""
    pieces = [_piece(value, found) for found in SCANNER.finditer(pattern)]
    result = pieces[0] if pieces else exp.Literal.string("")
    for piece in pieces[1:]:
        result = exp.DPipe(this=result, expression=piece, safe=True)
    return exp.paren(result, copy=False)


def _piece(value: exp.Expr, found: re.Match[str]) -> exp.Expr:
    if found["token"] is None:
        return exp.Literal.string(found["quoted"] if found["other"] is None else found["other"])
    token = found["token"].upper()
    if found["ordinal"]:
        raise NotEmulatedError(f"TO_CHAR with {found[0]}")
    if token in PRINTED:
        printed = _strftime(value, PRINTED[token])
        return exp.func("LTRIM", printed, exp.Literal.string("0")) if found["fill"] else printed
    if token in NAMES:
        return _name(value, found["token"], filled=found["fill"] is None)
    if token in {"AM", "PM"}:
        printed = _strftime(value, "%p")
        return exp.func("LOWER", printed) if found["token"].islower() else printed
    if token == "Q":
        return exp.cast(exp.func("QUARTER", value.copy()), "VARCHAR")
    if token == "D":
        day = exp.func("DAYOFWEEK", value.copy())
        return exp.cast(exp.Add(this=day, expression=exp.Literal.number(1)), "VARCHAR")
    raise NotEmulatedError(f"TO_CHAR with {found[0]}")


def _strftime(value: exp.Expr, specifier: str) -> exp.Expr:
    return exp.Anonymous(this="strftime", expressions=[value.copy(), exp.Literal.string(specifier)])


def _name(value: exp.Expr, token: str, *, filled: bool) -> exp.Expr:
    """A month's or day's name in the case of the token, blank-padded unless FM is given."""
    specifier, width = NAMES[token.upper()]
    printed = _strftime(value, specifier)
    if token.isupper():
        printed = exp.func("UPPER", printed)
    elif token.islower():
        printed = exp.func("LOWER", printed)
    if not filled:
        return printed
    arguments = [printed, exp.Literal.number(width), exp.Literal.string(" ")]
    return exp.Anonymous(this="rpad", expressions=arguments)


def date_pattern(pattern: str) -> str:
    """A format of TO_DATE or TO_TIMESTAMP as strptime reads it."""
    pieces = []
    for found in SCANNER.finditer(pattern):
        if found["token"] is None:
            literal = found["quoted"] if found["other"] is None else found["other"]
            pieces.append(literal.replace("%", "%%"))
            continue
        token = found["token"].upper()
        if token not in PARSED:
            raise NotEmulatedError(f"a date format with {found[0]}")
        pieces.append(PARSED[token])
    return "".join(pieces)
