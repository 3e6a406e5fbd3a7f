"""Queries as GetMetricData takes them, evaluated together: metrics are read once, expressions speak
of each other by their ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from emulation.compute.metrics.arithmetic import Value, operate
from emulation.compute.metrics.expressions import (
    Call,
    ExpressionError,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    Several,
    functions,
    names,
    parse,
)
from emulation.compute.metrics.functions import (
    FUNCTIONS,
    NOT_COMPUTED,
    WORDS,
    FunctionNotComputed,
    call,
)
from emulation.compute.metrics.series import Series, Span

Query = Mapping[str, Any]
"""A MetricDataQuery of the API."""


class QueryError(ValueError):
    """A query that cannot be evaluated: its id and the reason."""

    def __init__(self, query_id: str, reason: str) -> None:
        super().__init__(f"Error in expression '{query_id}': {reason}")


class Source(Protocol):
    """Where metrics are read; who has one knows the account and region."""

    def read(self, stat: Mapping[str, Any], span: Span) -> Series:
        """The series of a MetricStat."""

    def search(self, text: str) -> list[dict[str, Any]]:
        """The metrics (Namespace, MetricName, Dimensions) that a search finds."""

    def band(self, stat: Mapping[str, Any], span: Span, width: float) -> list[Series]:
        """Upper and lower bound of what is expected of a metric."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one query gives: an expression may give several series."""

    query: Query
    series: Series


class Evaluation:
    """Evaluates the queries of one request."""

    def __init__(self, queries: Sequence[Query], source: Source, span: Span) -> None:
        self._queries = {query["Id"]: query for query in queries}
        self._source = source
        self._span = span
        self._values: dict[str, Value] = {}
        self._under_way: list[str] = []

    def results(self) -> list[Result]:
        """The series that are to be returned, in the order of the queries.

        Raises:
            QueryError: one of them cannot be evaluated.
            FunctionNotComputed: one needs a function that is not computed here.
        """
        return [
            Result(query, series)
            for query_id, query in self._queries.items()
            if query.get("ReturnData", True)
            for series in self.final(query_id)
        ]

    def final(self, query_id: str) -> list[Series]:
        """The series of one query."""
        value = self.query_value(query_id)
        if isinstance(value, Series):
            return [value]
        if isinstance(value, list):
            return value
        raise QueryError(
            query_id, "The expression must return a single time series or an array of time series"
        )

    def query_value(self, query_id: str) -> Value:
        """The value of a query, computed once."""
        if query_id not in self._values:
            self._values[query_id] = self._computed(query_id)
        return self._values[query_id]

    def _computed(self, query_id: str) -> Value:
        query = self._queries[query_id]
        if "MetricStat" in query:
            return self._source.read(query["MetricStat"], self._span)
        if query_id in self._under_way:
            raise QueryError(query_id, "The expression refers to itself")
        self._under_way.append(query_id)
        try:
            return self.labelled(self.value(parse(query["Expression"])), query_id, query)
        except ExpressionError as error:
            raise QueryError(query_id, str(error)) from error
        except ArithmeticError as error:
            raise QueryError(query_id, "A number is too large") from error
        finally:
            self._under_way.pop()

    def labelled(self, value: Value, query_id: str, query: Query) -> Value:
        """A series of an expression is called by its id; one of several keeps its name."""
        period = query.get("Period")
        if isinstance(value, Series):
            return replace(value, label=query_id, period=period or value.period)
        return value

    def value(self, node: Node) -> Value:
        """The value of a part of an expression."""
        match node:
            case Number(value):
                return value
            case Name(value):
                return self.named(value)
            case Several(items):
                return [series for item in items for series in self.flattened(item)]
            case Operation(sign, left, right):
                return operate(sign, self.value(left), self.value(right))
            case Negation(operand):
                return operate("*", self.value(operand), -1.0)
            case Call():
                return call(self, node)
        raise ExpressionError("Text is not expected here")

    def named(self, query_id: str) -> Value:
        """The value of another query."""
        if query_id not in self._queries:
            raise ExpressionError(f"Undefined variable '{query_id}'")
        return self.query_value(query_id)

    def flattened(self, node: Node) -> list[Series]:
        """An item of a list, which may be a list itself; a number stands for itself everywhere."""
        value = self.value(node)
        if isinstance(value, list):
            return value
        return [value if isinstance(value, Series) else self.constant(value)]

    def several(self, node: Node) -> list[Series]:
        """A list of series."""
        value = self.value(node)
        if not isinstance(value, list):
            raise ExpressionError("An array of time series is expected")
        return value

    def one(self, node: Node) -> Series:
        """One series."""
        value = self.value(node)
        if not isinstance(value, Series):
            raise ExpressionError("A time series is expected")
        return value

    def number(self, node: Node) -> float:
        """A number."""
        value = self.value(node)
        if isinstance(value, Series | list):
            raise ExpressionError("A number is expected")
        return value

    def metrics(self, part: str) -> list[Series]:
        """The metrics of the request, without its expressions."""
        found = [
            self.query_value(query_id)
            for query_id, query in self._queries.items()
            if "MetricStat" in query and part in query_id
        ]
        return [series for series in found if isinstance(series, Series)]

    def constant(self, value: float) -> Series:
        """A number in each period of the request."""
        period = self.period()
        span = self._span.aligned(period)
        return Series("", period, span, dict.fromkeys(span.grid(period), value))

    def period(self) -> int:
        """The period of an expression without a metric: the longest of the request."""
        stats = [q["MetricStat"]["Period"] for q in self._queries.values() if "MetricStat" in q]
        periods = [q["Period"] for q in self._queries.values() if q.get("Period")]
        return max([*stats, *periods], default=60)

    def search(self, text: str, stat: str, period: int | None) -> list[Series]:
        """The series of the metrics that a search finds."""
        wanted = {"Stat": stat, "Period": period or self.period()}
        return [
            self._source.read({"Metric": metric, **wanted}, self._span)
            for metric in self._source.search(text)
        ]

    def band(self, query_id: str, width: float) -> list[Series]:
        """The band around a metric of the request."""
        query = self._queries.get(query_id)
        if query is None or "MetricStat" not in query:
            raise ExpressionError("ANOMALY_DETECTION_BAND takes the id of a metric")
        return self._source.band(query["MetricStat"], self._span, width)


def check(queries: Sequence[Query]) -> None:
    """Refuse what can be known before anything is read.

    Raises:
        QueryError: an expression is none, or speaks of what is not in the request.
        FunctionNotComputed: one needs a function that is not computed here.
    """
    ids = {query["Id"] for query in queries}
    for query in queries:
        if "Expression" in query:
            try:
                check_tree(parse(query["Expression"]), ids)
            except ExpressionError as error:
                raise QueryError(query["Id"], str(error)) from error


def check_tree(tree: Node, ids: set[str]) -> None:
    """Refuse functions and names that nobody knows."""
    called = functions(tree)
    for function in sorted(called & NOT_COMPUTED):
        raise FunctionNotComputed(function)
    for function in sorted(called - set(FUNCTIONS)):
        raise ExpressionError(f"Unknown function '{function}'")
    for name in sorted(names(tree) - ids - WORDS):
        raise ExpressionError(f"Undefined variable '{name}'")
