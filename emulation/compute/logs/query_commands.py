"""Commands of the Insights language, one after the other, as SQL stage by stage.

Supported: `fields`, `display`, `filter`, `stats`, `sort`, `limit`, `parse`, `dedup`. Any other is
refused with its place. A stage is a table expression (`s3`) over the one before; the events are
`s0`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from emulation.compute.logs import query_text, query_values
from emulation.compute.logs.query_expressions import Expressions
from emulation.compute.logs.query_text import Text, unquoted
from emulation.compute.logs.query_values import Kind, Value, literal, regular

DEFAULT_FIELDS = ("@timestamp", "@message")
MAX_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query that can be run."""

    sql: str
    """Its columns are the fields, in their order."""
    matched_sql: str
    """How many events its filters let through."""
    names: list[str]
    kinds: list[Kind]


@dataclass
class Query:
    """A query while it is read."""

    text: Text
    stages: list[str] = field(default_factory=lambda: ["SELECT * FROM events"])
    columns: dict[str, Value] = field(default_factory=dict)
    """What commands have named, and what that is in the last stage."""
    shown: list[str] = field(default_factory=list)
    is_display: bool = False
    grouped: bool = False
    order: list[str] = field(default_factory=list)
    limit: int | None = None
    matched: int | None = None
    """The stage whose rows are the events that matched."""

    @property
    def last(self) -> str:
        """The last stage's name."""
        return f"s{len(self.stages) - 1}"

    def add(self, name: str, value: Value) -> None:
        """Give a value a name, in a stage of its own."""
        column = f"c{len(self.stages)}"
        last = self.last
        self.stages.append(f"SELECT *, {value.sql} AS {column} FROM {last}")
        self.columns[name] = Value(column, value.kind)

    def find(self, name: str) -> Value:
        """What a name means: what a command has named, else a field of the event."""
        if name in self.columns:
            return self.columns[name]
        return Value("CAST(NULL AS VARCHAR)") if self.grouped else query_values.field(name)

    def expression(self, *, aggregates: bool = False) -> Value:
        """Read an expression."""
        return Expressions(self.text, self.find, aggregates).read()

    def matched_here(self) -> None:
        """Whatever follows does not change which events matched."""
        if self.matched is None:
            self.matched = len(self.stages) - 1


def compiled(query: str, default_limit: int = MAX_LIMIT) -> Compiled:
    """Read a query.

    Raises:
        MalformedQueryError: it is none, or uses what is not emulated.
    """
    state = Query(Text(query))
    if not state.text.ended():
        _command(state)
        while state.text.accept("|"):
            _command(state)
        if not state.text.ended():
            raise state.text.unexpected()
    return _finished(state, default_limit)


def _command(state: Query) -> None:
    state.text.skip()
    start = state.text.at
    name = state.text.accept_word(*COMMANDS)
    if name is None:
        raise state.text.unexpected(start)
    COMMANDS[name](state)


def _named(state: Query, *, aggregates: bool = False) -> tuple[str, Value]:
    """An expression and its name: what `as` says, or the text itself."""
    state.text.skip()
    start = state.text.at
    value = state.expression(aggregates=aggregates)
    source = state.text.source(start).strip("`")
    return (state.text.field() if state.text.accept_word("as") else source), value


def _list(state: Query) -> list[str]:
    """Read values with names and keep them; their names."""
    names = []
    while True:
        name, value = _named(state)
        if value != state.find(name):
            state.add(name, value)
        names.append(name)
        if not state.text.accept(","):
            return names


def _fields(state: Query) -> None:
    names = _list(state)
    if not state.is_display:
        state.shown += [name for name in names if name not in state.shown]


def _display(state: Query) -> None:
    state.shown = _list(state)
    state.is_display = True


def _filter(state: Query) -> None:
    condition = state.expression().truth
    state.stages.append(f"SELECT * FROM {state.last} WHERE {condition}")


def _stats(state: Query) -> None:
    state.matched_here()
    wanted = [_named(state, aggregates=True)]
    while state.text.accept(","):
        wanted.append(_named(state, aggregates=True))
    groups: list[tuple[str, Value]] = []
    if state.text.accept_word("by"):
        groups.append(_named(state))
        while state.text.accept(","):
            groups.append(_named(state))
    _group(state, wanted, groups)


def _group(state: Query, wanted: list[tuple[str, Value]], groups: list[tuple[str, Value]]) -> None:
    number = len(state.stages)
    columns = {
        name: Value(f"c{number}_{at}", value.kind)
        for at, (name, value) in enumerate([*groups, *wanted])
    }
    values = [value.sql for _, value in [*groups, *wanted]]
    selected = ", ".join(f"{sql} AS c{number}_{at}" for at, sql in enumerate(values))
    by = f" GROUP BY {', '.join(value.sql for _, value in groups)}" if groups else ""
    state.stages.append(f"SELECT {selected} FROM {state.last}{by}")
    state.columns, state.shown, state.grouped = columns, list(columns), True
    state.is_display, state.order = False, []


def _sort(state: Query) -> None:
    order = []
    while True:
        value = state.expression()
        direction = "DESC" if state.text.accept_word("asc", "desc") == "desc" else "ASC"
        if value.kind == "text":
            # What is no number comes before all numbers; what is not there is last.
            order += [f"({value.sql}) IS NULL", f"({value.number} IS NOT NULL) {direction}"]
            order.append(f"{value.number} {direction}")
        order.append(f"{value.sql} {direction} NULLS LAST")
        if not state.text.accept(","):
            break
    state.order = order


def _limit(state: Query) -> None:
    state.text.skip()
    start = state.text.at
    found = state.text.accept_pattern(query_text.NUMBER)
    if found is None:
        raise state.text.unexpected()
    if not found[0].isdigit() or not 1 <= int(found[0]) <= MAX_LIMIT:
        raise state.text.malformed(f"limit must be between 1 and {MAX_LIMIT}", start)
    state.matched_here()
    state.limit = int(found[0])
    state.stages.append(f"SELECT * FROM {state.last}{_order(state)} LIMIT {state.limit}")


def _order(state: Query) -> str:
    """The order that was asked for, else the latest event first."""
    order = state.order or ([] if state.grouped else ["time DESC", "number DESC"])
    return f" ORDER BY {', '.join(order)}" if order else ""


def _dedup(state: Query) -> None:
    state.matched_here()
    values = [state.find(state.text.field())]
    while state.text.accept(","):
        values.append(state.find(state.text.field()))
    keys = ", ".join(value.sql for value in values)
    missing = " OR ".join(f"({value.sql}) IS NULL" for value in values)
    # Events that lack a field are nobody's duplicates.
    state.stages.append(
        f"SELECT * FROM {state.last} "
        f"QUALIFY {missing} OR row_number() OVER (PARTITION BY {keys}{_order(state)}) = 1"
    )


def _parse(state: Query) -> None:
    state.text.skip()
    start = state.text.at
    source = state.find("@message")
    if not _at_literal(state.text):
        source = state.find(state.text.field())
    if found := state.text.accept_pattern(query_text.STRING):
        expression = _of_glob(unquoted(found[0]))
        names: list[str] = []
    elif found := state.text.accept_pattern(query_text.REGEX):
        expression = regular(found[1])
        names = re.findall(r"\(\?P<(\w+)>", expression)
    else:
        raise state.text.unexpected()
    names = _parse_names(state) or names
    _check_groups(state, expression, names, start)
    for group, name in enumerate(names, start=1):
        state.add(name, _extracted(source, expression, group))


def _at_literal(text: Text) -> bool:
    text.skip()
    return any(p.match(text.query, text.at) for p in (query_text.STRING, query_text.REGEX))


def _of_glob(glob: str) -> str:
    """Each `*` is a group, as short as can be but for the last at the end."""
    *parts, last = [re.escape(part) for part in glob.split("*")]
    if not parts:
        return last
    return "(?s)" + "(.*?)".join(parts) + ("(.*?)" if last else "(.*)") + last


def _parse_names(state: Query) -> list[str]:
    names: list[str] = []
    if state.text.accept_word("as"):
        names.append(state.text.field())
        while state.text.accept(","):
            names.append(state.text.field())
    return names


def _check_groups(state: Query, expression: str, names: list[str], start: int) -> None:
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise state.text.malformed(f"invalid expression: {error}", start) from error
    if re.search(r"\(\?(?:=|!|<=|<!)|\\\d", expression):
        raise state.text.malformed("lookaround and back-references are not emulated", start)
    if groups != len(names) or not names:
        raise state.text.malformed(
            f"parse has {groups} wildcards or groups and {len(names)} names", start
        )


def _extracted(source: Value, expression: str, group: int) -> Value:
    pattern = literal(expression)
    fits = f"regexp_matches({source.text}, {pattern})"
    return Value(f"(CASE WHEN {fits} THEN regexp_extract({source.text}, {pattern}, {group}) END)")


COMMANDS: dict[str, Callable[[Query], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
    "parse": _parse,
    "dedup": _dedup,
}


def _finished(state: Query, default_limit: int) -> Compiled:
    state.matched_here()
    names = state.shown or list(DEFAULT_FIELDS)
    if not state.grouped:
        names = [name for name in names if name != "@ptr"] + ["@ptr"]
    values = [state.find(name) for name in names]
    selected = ", ".join(f"{value.sql} AS o{at}" for at, value in enumerate(values))
    limit = state.limit or default_limit
    stages = ", ".join(f"s{at} AS ({sql})" for at, sql in enumerate(state.stages))
    # The order may be by what is not shown: ordered first, then selected.
    sql = f"WITH {stages} SELECT {selected} FROM {state.last}{_order(state)} LIMIT {limit}"
    matched = f"WITH {stages} SELECT count(*) FROM s{state.matched}"
    return Compiled(sql, matched, names, [value.kind for value in values])
