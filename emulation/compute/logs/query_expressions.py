"""Expressions of the Insights language: read and made SQL in one go."""

from collections.abc import Callable
from dataclasses import dataclass

from emulation.compute.logs import query_text
from emulation.compute.logs.query_functions import (
    AGGREGATES,
    SCALARS,
    UNITS,
    WrongArgumentsError,
    ceiled,
    floored,
)
from emulation.compute.logs.query_text import Text, unquoted
from emulation.compute.logs.query_values import Value, compared, literal, regular

RESERVED = {"and", "or", "not", "like", "in", "as", "by", "asc", "desc"}
CONSTANTS = {"true": Value("'true'"), "false": Value("'false'"), "null": Value("NULL")}


@dataclass
class Expressions:
    """Reads expressions; `field` knows what a name means here."""

    text: Text
    field: Callable[[str], Value]
    aggregates: bool = False
    """Whether `count` and its like may be used."""

    def read(self) -> Value:
        """An expression.

        Raises:
            MalformedQueryError: there is none.
        """
        return self._either()

    def _either(self) -> Value:
        value = self._both()
        while self.text.accept_word("or") or self.text.accept("||"):
            value = Value(f"({value.truth} OR {self._both().truth})", "truth")
        return value

    def _both(self) -> Value:
        value = self._negation()
        while self.text.accept_word("and") or self.text.accept("&&"):
            value = Value(f"({value.truth} AND {self._negation().truth})", "truth")
        return value

    def _negation(self) -> Value:
        if self.text.accept_word("not"):
            return Value(f"(NOT {self._negation().truth})", "truth")
        return self._comparison()

    def _comparison(self) -> Value:
        left = self._sum()
        start = self.text.at
        negated = self.text.accept_word("not") is not None
        if self.text.accept_word("like"):
            return self._like(left, negated=negated)
        if self.text.accept_word("in"):
            return self._in(left, negated=negated)
        if negated:
            self.text.at = start
            raise self.text.unexpected()
        if self.text.accept("=~"):
            return self._like(left, negated=False)
        sign = self.text.accept("!=", "<>", ">=", "<=", "==", "=", ">", "<")
        if sign is None:
            return left
        return compared({"<>": "!=", "==": "="}.get(sign, sign), left, self._sum())

    def _like(self, left: Value, *, negated: bool) -> Value:
        if found := self.text.accept_pattern(query_text.REGEX):
            flags = ", 'i'" if found[2] else ""
            test = f"regexp_matches({left.text}, {literal(regular(found[1]))}{flags})"
        elif found := self.text.accept_pattern(query_text.STRING):
            test = f"contains({left.text}, {literal(unquoted(found[0]))})"
        else:
            raise self.text.unexpected()
        return Value(f"({'NOT ' if negated else ''}{test})", "truth")

    def _in(self, left: Value, *, negated: bool) -> Value:
        closing = {"[": "]", "(": ")"}[self._symbol("[", "(")]
        tests = [compared("=", left, self._sum()).truth]
        while self.text.accept(","):
            tests.append(compared("=", left, self._sum()).truth)
        self.text.expect(closing)
        return Value(f"({'NOT ' if negated else ''}({' OR '.join(tests)}))", "truth")

    def _symbol(self, *symbols: str) -> str:
        found = self.text.accept(*symbols)
        if found is None:
            raise self.text.unexpected()
        return found

    def _sum(self) -> Value:
        value = self._product()
        while sign := self.text.accept("+", "-"):
            value = Value(f"({value.number} {sign} {self._product().number})", "number")
        return value

    def _product(self) -> Value:
        value = self._power()
        while sign := self.text.accept("*", "/", "%"):
            right = self._power().number
            divisor = f"nullif({right}, 0)" if sign != "*" else right
            value = Value(f"({value.number} {sign} {divisor})", "number")
        return value

    def _power(self) -> Value:
        value = self._unary()
        if self.text.accept("^"):
            return Value(f"pow({value.number}, {self._power().number})", "number")
        return value

    def _unary(self) -> Value:
        if self.text.accept("-"):
            return Value(f"(-{self._unary().number})", "number")
        return self._primary()

    def _primary(self) -> Value:
        if self.text.accept("("):
            value = self._either()
            self.text.expect(")")
            return value
        if found := self.text.accept_pattern(query_text.NUMBER):
            return Value(found[0], "number")
        if found := self.text.accept_pattern(query_text.STRING):
            return Value(literal(unquoted(found[0])))
        self.text.skip()
        start = self.text.at
        name = self.text.field()
        quoted = self.text.query[start] == "`"
        if not quoted and name.lower() in RESERVED:
            raise self.text.unexpected(start)
        if not quoted and self.text.accept("("):
            return self._call(name.lower(), start)
        return CONSTANTS.get(name.lower()) or self.field(name)

    def _call(self, name: str, start: int) -> Value:
        if name in {"bin", "datefloor", "dateceil"}:
            return self._span(name)
        build = SCALARS.get(name) or (AGGREGATES.get(name) if self.aggregates else None)
        if build is None:
            raise self.text.malformed(f"unknown function {name}", start)
        try:
            return build(self._arguments())
        except WrongArgumentsError as error:
            raise self.text.malformed(f"invalid arguments of {name}", start) from error

    def _arguments(self) -> list[Value]:
        arguments: list[Value] = []
        if self.text.accept(")"):
            return arguments
        if self.aggregates and self.text.accept("*"):
            self.text.expect(")")
            return arguments
        arguments.append(self._either())
        while self.text.accept(","):
            arguments.append(self._either())
        self.text.expect(")")
        return arguments

    def _span(self, name: str) -> Value:
        """`bin(5m)`, or a time and a span."""
        start = self.text.at
        time = self.field("@timestamp")
        if not self._at_duration():
            time = self._either()
            self.text.expect(",")
        found = self.text.accept_pattern(query_text.DURATION)
        if found is None or not int(found[1]):
            raise self.text.unexpected()
        if found[2] not in UNITS:
            raise self.text.malformed(f"{found[0]} is not emulated: it has no fixed length", start)
        self.text.expect(")")
        build = ceiled if name == "dateceil" else floored
        return build(time.number, int(found[1]) * UNITS[found[2]])

    def _at_duration(self) -> bool:
        self.text.skip()
        return query_text.DURATION.match(self.text.query, self.text.at) is not None
