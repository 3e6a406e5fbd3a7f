"""SEARCH: which metrics a search expression finds.

    {Namespace, Dimension, ...} term term AND (term OR NOT term)

A term is a word that partly matches a name, `"quoted"` for exactly this name, or either of them
after a property (`MetricName=`, `Namespace=`, `:aws.AccountId=`, a dimension's name).
"""

import re
from collections.abc import Callable, Iterable

from emulation.compute.metrics.database import Metric
from emulation.compute.metrics.expressions import ExpressionError

LONGEST = 1024
MOST = 500
"""A search gives so many series at most."""

Matches = Callable[[Metric], bool]

QUOTED = r'"(?:[^"\\]|\\.)*"'
SCHEMA = re.compile(rf"\s*\{{((?:{QUOTED}|[^}}\"])*)\}}\s*,?")
SCHEMA_NAME = re.compile(rf"\s*({QUOTED}|[^,\"]+?)\s*(?:,|$)")
TOKEN = re.compile(rf"\s*([()]|(?:(?:{QUOTED}|[^\s()=\"]+)=)?(?:{QUOTED}|[^\s()=\"]+))")
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")
"""Camel case: SDBFailure is SDB and Failure."""


def find(text: str, metrics: Iterable[Metric]) -> list[Metric]:
    """The metrics that a search finds.

    Raises:
        ExpressionError: it is no search.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"A search has at most {LONGEST} characters")
    matches = parse(text)
    return [metric for metric in metrics if matches(metric)][:MOST]


def parse(text: str) -> Matches:
    """The condition that a search means."""
    conditions: list[Matches] = []
    if schema := SCHEMA.match(text):
        conditions.append(of_schema(schema[1]))
        text = text[schema.end() :]
    if tokens := tokenized(text):
        reader = Reader(tokens)
        conditions.append(reader.any_of())
        if reader.next:
            raise ExpressionError(f"Unexpected '{reader.next}' in the search")
    if not conditions:
        raise ExpressionError("A search needs a schema or a term")
    return lambda metric: all(matches(metric) for matches in conditions)


def of_schema(text: str) -> Matches:
    """A namespace, and exactly these dimensions where any are named."""
    found = [unquoted(name) for name in SCHEMA_NAME.findall(text.strip())]
    if not found:
        raise ExpressionError("The schema of a search needs a namespace")
    namespace, *dimensions = found

    def matches(metric: Metric) -> bool:
        names = sorted(name for name, _ in metric.dimensions)
        return metric.namespace == namespace and (not dimensions or names == sorted(dimensions))

    return matches


def tokenized(text: str) -> list[str]:
    """Terms, words and parentheses."""
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ExpressionError(f"Unexpected '{text[at:].strip()[:1]}' in the search")
        found.append(match[1])
        at = match.end()
    return found


class Reader:
    """OR binds least, then AND or nothing, then NOT."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    @property
    def next(self) -> str:
        """The next token, empty at the end."""
        return self._tokens[self._at]

    def take(self) -> str:
        """The next token; on to the one after it."""
        self._at += 1
        return self._tokens[self._at - 1]

    def any_of(self) -> Matches:
        """Conditions between OR."""
        choices = [self.all_of()]
        while self.next == "OR":
            self.take()
            choices.append(self.all_of())
        return lambda metric: any(matches(metric) for matches in choices)

    def all_of(self) -> Matches:
        """Conditions one after the other."""
        conditions = [self.one()]
        while self.next not in {"", ")", "OR"}:
            if self.next == "AND":
                self.take()
            conditions.append(self.one())
        return lambda metric: all(matches(metric) for matches in conditions)

    def one(self) -> Matches:
        """A term, its opposite, or something in parentheses."""
        token = self.take()
        if token == "NOT":
            inner = self.one()
            return lambda metric: not inner(metric)
        if token == "(":
            inner = self.any_of()
            if self.take() != ")":
                raise ExpressionError("Expected ')' in the search")
            return inner
        if token in {"", ")", "AND", "OR"}:
            raise ExpressionError(f"Unexpected '{token or 'end'}' in the search")
        return term(token)


def term(token: str) -> Matches:
    """The condition of one term."""
    property_name, wanted = split(token)
    if wanted.startswith('"'):
        exact = unquoted(wanted)
        return lambda metric: exact in values(metric, property_name)
    return lambda metric: any(partly(wanted, value) for value in values(metric, property_name))


def split(token: str) -> tuple[str, str]:
    """The property of a term, empty without one, and what is looked for."""
    match = re.fullmatch(rf"(?:({QUOTED}|[^=\"]+)=)?({QUOTED}|[^\"]+)", token)
    if not match:
        raise ExpressionError(f"Unexpected '{token}' in the search")
    return unquoted(match[1] or ""), match[2]


def values(metric: Metric, property_name: str) -> list[str]:
    """What a term is compared with."""
    if property_name == "MetricName":
        return [metric.name]
    if property_name == "Namespace":
        return [metric.namespace]
    if property_name == ":aws.AccountId":
        return [metric.account]
    if property_name:
        return [value for name, value in metric.dimensions if name == property_name]
    named = [part for dimension in metric.dimensions for part in dimension]
    return [metric.name, metric.namespace, *named]


def partly(wanted: str, value: str) -> bool:
    """Whether a word is one part of a name, whatever its case, or parts in a row in their case."""
    looked_for, there = PARTS.findall(wanted), PARTS.findall(value)
    if not looked_for:
        return False
    if "".join(looked_for).lower() == "".join(there).lower():
        return True
    if len(looked_for) == 1:
        return wanted.lower() in {part.lower() for part in there}
    starts = range(len(there) - len(looked_for) + 1)
    return any(there[at : at + len(looked_for)] == looked_for for at in starts)


def unquoted(text: str) -> str:
    """Without quotes and their backslashes."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
