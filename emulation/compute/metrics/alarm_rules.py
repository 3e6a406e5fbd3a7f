"""The rules of composite alarms.

ALARM(name) AND (OK("a name") OR NOT INSUFFICIENT_DATA('arn:aws:cloudwatch:...')) OR TRUE
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from emulation.compute.metrics.tokens import tokens

STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
TOKEN = re.compile(
    r"\s*(?:(?P<sign>[()])|(?P<text>\"[^\"]*\"|'[^']*')|(?P<word>[^\s()\"']+))", re.DOTALL
)

State = Callable[[str], str | None]
"""The state of an alarm by its name or ARN; None when it is not there."""


class RuleError(ValueError):
    """A rule that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A rule that can be asked."""

    alarms: tuple[str, ...]
    """Names and ARNs as the rule has them, in its order."""
    holds: Callable[[State], bool]


def parse(text: str) -> AlarmRule:
    """The rule of a text.

    Raises:
        RuleError: it is none.
    """
    found = tokens(text, TOKEN, "end of the rule", lambda sign: RuleError(f"unexpected '{sign}'"))
    reader = Reader(found)
    holds = reader.any_of()
    if reader.kind != "end":
        raise RuleError(f"unexpected '{reader.text}'")
    return AlarmRule(tuple(dict.fromkeys(reader.alarms)), holds)


Holds = Callable[[State], bool]


class Reader:
    """OR binds least, then AND, then NOT."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self._tokens = found
        self._at = 0
        self.alarms: list[str] = []

    @property
    def kind(self) -> str:
        """The kind of the next token."""
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        """The text of the next token."""
        return self._tokens[self._at][1]

    def takes(self, text: str) -> bool:
        """Take this token if it is the next one."""
        found = self.kind != "text" and self.text == text
        self._at += found
        return found

    def any_of(self) -> Holds:
        """Conditions between OR."""
        choices = [self.all_of()]
        while self.takes("OR"):
            choices.append(self.all_of())
        return choices[0] if len(choices) == 1 else lambda state: any(c(state) for c in choices)

    def all_of(self) -> Holds:
        """Conditions between AND."""
        conditions = [self.one()]
        while self.takes("AND"):
            conditions.append(self.one())
        if len(conditions) == 1:
            return conditions[0]
        return lambda state: all(holds(state) for holds in conditions)

    def one(self) -> Holds:
        """A constant, the state of an alarm, a negation, or something in parentheses."""
        if self.takes("NOT"):
            inner = self.one()
            return lambda state: not inner(state)
        if self.takes("("):
            inner = self.any_of()
            self.end()
            return inner
        for constant in ("TRUE", "FALSE"):
            if self.takes(constant):
                return lambda _, truth=constant == "TRUE": truth  # type: ignore[misc]
        for wanted in STATES:
            if self.takes(wanted):
                return self.state(wanted)
        raise RuleError(f"unexpected '{self.text}'")

    def state(self, wanted: str) -> Holds:
        """`ALARM(name)` and its like."""
        if not self.takes("("):
            raise RuleError(f"expected '(' after {wanted}")
        if self.kind not in {"text", "word"}:
            raise RuleError("expected the name or ARN of an alarm")
        alarm = self.text[1:-1] if self.kind == "text" else self.text
        self._at += 1
        self.end()
        self.alarms.append(alarm)
        return lambda state: state(alarm) == wanted

    def end(self) -> None:
        """A closing parenthesis."""
        if not self.takes(")"):
            raise RuleError(f"expected ')' but found '{self.text}'")
