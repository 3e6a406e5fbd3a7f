"""Which folders are tables, and which are partitions of one: Glue's rules of grouping.

A folder is a table when everything below it has one format and similar schemas; the folders between
are its partitions, by name where they are called `key=value`. Folders that are not alike are tables
of their own, and so are files that are not alike in one folder.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from emulation.compute.crawling.formats import Columns, Content
from emulation.compute.crawling.kinds import unite, unite_fields

SIMILARITY = 0.7
MAX_SCHEMAS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """One object and what is in it."""

    key: str
    size: int
    content: Content


@dataclass(frozen=True, slots=True)
class Grouping:
    """How a crawler is told to group: schemas of any kind together, tables at one level from the
    bucket (1).
    """

    combine: bool = False
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """A folder of a table: one (key, value) for each folder between; an empty key where the folder
    names none.
    """

    folder: str
    values: tuple[tuple[str, str], ...]
    files: tuple[Found, ...]

    @property
    def columns(self) -> Columns:
        """The columns of all its files."""
        return columns_of(self.files)


@dataclass(frozen=True, slots=True)
class TableFound:
    """A table: where it begins, and its partitions; a table without has one, with no values."""

    location: str
    partitions: tuple[Partition, ...]

    @property
    def files(self) -> tuple[Found, ...]:
        """All its files."""
        return tuple(file for partition in self.partitions for file in partition.files)

    @property
    def columns(self) -> Columns:
        """The columns of all its files."""
        return columns_of(self.files)

    @property
    def depth(self) -> int:
        """How many folders are between the table and its files."""
        return len(self.partitions[0].values)

    @property
    def keys(self) -> tuple[str, ...]:
        """The partition keys' names; `partition_0` and so on, where folders have none."""
        columns = {name.lower() for name, _ in self.columns}
        named = (key.lower() for key, _ in self.partitions[0].values)
        return tuple(
            key if key and key not in columns else f"partition_{index}"
            for index, key in enumerate(named)
        )


@dataclass
class Folder:
    """A folder with what is directly in it."""

    path: str
    files: list[Found] = field(default_factory=list)
    folders: dict[str, "Folder"] = field(default_factory=dict)


def find_tables(root: str, files: Iterable[Found], grouping: Grouping) -> list[TableFound]:
    """The tables below a path; `root` ends in a slash, or is the bucket's whole: the empty text."""
    return list(tables_in(tree(root, files), grouping))


def tree(root: str, files: Iterable[Found]) -> Folder:
    """The folders that the keys mean."""
    top = Folder(root)
    for file in files:
        folder = top
        for name in file.key[len(root) :].split("/")[:-1]:
            path = f"{folder.path}{name}/"
            folder = folder.folders.setdefault(name, Folder(path))
        folder.files.append(file)
    return top


def tables_in(folder: Folder, grouping: Grouping) -> Iterator[TableFound]:
    """The tables of a folder, itself perhaps the only one."""
    below = [list(tables_in(child, grouping)) for child in folder.folders.values()]
    if not folder.folders:
        yield from tables_of_files(folder, grouping)
    elif not folder.files and is_one_table(folder, below, grouping):
        yield as_partitions(folder, below)
    else:
        yield from tables_of_files(folder, grouping)
        for tables in below:
            yield from tables


def tables_of_files(folder: Folder, grouping: Grouping) -> Iterator[TableFound]:
    """The files of a folder as one table, or each as its own where they are not alike."""
    if not folder.files:
        return
    if not folder.folders and alike([(file.content,) for file in folder.files], grouping):
        yield TableFound(folder.path, (Partition(folder.path, (), tuple(folder.files)),))
        return
    for file in folder.files:
        yield TableFound(file.key, (Partition(file.key, (), (file,)),))


def is_one_table(folder: Folder, below: Sequence[list[TableFound]], grouping: Grouping) -> bool:
    """Whether the folders of a folder are partitions of it."""
    if grouping.level is not None and level_of(folder.path) < grouping.level:
        return False
    whole = [tables[0] for tables in below if len(tables) == 1]
    if len(whole) < len(below) or len({table.depth for table in whole}) > 1:
        return False
    if any(not table.location.endswith("/") for table in whole):
        return False
    if len({named_keys(table) for table in whole}) > 1 or not same_key(folder.folders):
        return False
    return alike([[file.content for file in table.files] for table in whole], grouping)


def level_of(path: str) -> int:
    """How deep a folder is; the bucket is 1."""
    return 1 + len([part for part in path.split("/") if part])


def named_keys(table: TableFound) -> tuple[str, ...]:
    """The names that the folders of a table give to its keys."""
    return tuple(key for key, _ in table.partitions[0].values)


def same_key(names: Iterable[str]) -> bool:
    """Whether folders beside each other are named by the same key, or all by none."""
    return len({key_and_value(name)[0] for name in names}) == 1


def key_and_value(name: str) -> tuple[str, str]:
    """`key=value`, or a value without a key."""
    key, equals, value = name.partition("=")
    return (key, value) if equals and key else ("", name)


def as_partitions(folder: Folder, below: Sequence[list[TableFound]]) -> TableFound:
    """The tables of a folder's folders, become partitions of one."""
    return TableFound(
        folder.path,
        tuple(
            Partition(part.folder, (key_and_value(name), *part.values), part.files)
            for name, (table,) in zip(folder.folders, below, strict=True)
            for part in table.partitions
        ),
    )


def alike(groups: Sequence[Sequence[Content]], grouping: Grouping) -> bool:
    """Whether groups of files can be one table: one format, and schemas that are similar and not
    too many.
    """
    contents = [content for group in groups for content in group]
    if len({(item.classification, item.compression, item.delimiter) for item in contents}) > 1:
        return False
    if grouping.combine:
        return True
    schemas = list(dict.fromkeys(merged(content.columns for content in group) for group in groups))
    widest = max(schemas, key=len)
    shapes = {frozenset(name for name, _ in columns) for columns in schemas}
    return len(shapes) <= MAX_SCHEMAS and all(
        similarity(columns, widest) >= SIMILARITY for columns in schemas
    )


def similarity(one: Columns, other: Columns) -> float:
    """The share of columns that both have, with types of one family."""
    kinds = dict(other)
    same = [name for name, kind in one if name in kinds and fit(kind, kinds[name])]
    return len(same) / max(len(one), len(other), 1) if one or other else 1.0


def fit(one: Any, other: Any) -> bool:
    """Whether two types meet in one that is not merely text."""
    return "string" in (one, other) or unite(one, other) != "string"


def columns_of(files: Iterable[Found]) -> Columns:
    """The columns of files together."""
    return merged(file.content.columns for file in files)


def merged(schemas: Iterable[Columns]) -> Columns:
    """Schemas as one."""
    return reduce(unite_fields, dict.fromkeys(schemas), ())


def table_name(location: str) -> str:
    """The last folder's name, or the file's, in letters that a table's name may have."""
    last = location.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^0-9a-z_]", "_", last.lower())
