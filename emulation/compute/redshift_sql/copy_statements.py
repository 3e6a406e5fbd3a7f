"""COPY and UNLOAD, read clause by clause; a clause that would change the result and is not computed
is refused by name.
"""

from dataclasses import dataclass, field

from emulation.compute.redshift_sql.errors import NotEmulatedError, SqlError
from emulation.compute.redshift_sql.tokens import Kind, Reader

Name = tuple[str, ...]

MEGABYTE = 1 << 20
SMALLEST_FILE, LARGEST_FILE = 5 * MEGABYTE, int(6.2 * 1024 * MEGABYTE)
"""What MAXFILESIZE may be; without it a file is as large as it may."""


@dataclass(slots=True, kw_only=True)
class Clauses:
    """What follows the places, in any order."""

    format: str = "text"
    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """Whether a clause without a value was given."""
        return name in self.flags


@dataclass(slots=True)
class Copy(Clauses):
    """COPY table FROM an S3 prefix or manifest."""

    table: Name
    columns: tuple[str, ...]
    source: str


@dataclass(slots=True)
class Unload(Clauses):
    """UNLOAD (query) TO an S3 prefix."""

    query: str
    target: str
    partition_by: tuple[str, ...] = ()
    largest: int = LARGEST_FILE
    """Bytes of a file, at the most."""


COPY_FLAGS = {
    "manifest", "gzip", "bzip2", "zstd", "removequotes", "escape", "explicit_ids", "fillrecord",
    "ignoreblanklines", "truncatecolumns", "emptyasnull", "blanksasnull", "trimblanks",
    "serializetojson",
}  # fmt: skip
COPY_REFUSED = {
    "fixedwidth", "avro", "orc", "shapefile", "encrypted", "ssh", "readratio", "lzop", "lzo",
    "acceptanydate", "roundec", "noload", "ignoreallerrors", "simplify",
}  # fmt: skip
COPY_STRINGS = {"delimiter", "quote", "dateformat", "timeformat", "region", "encoding"}
NO_EFFECT = {"compupdate", "statupdate", "comprows"}
"""How a table is compressed and measured: nothing that a result shows."""

UNLOAD_FLAGS = {
    "manifest", "verbose", "header", "gzip", "zstd", "addquotes", "escape",
    "allowoverwrite", "cleanpath", "include",
}  # fmt: skip
UNLOAD_REFUSED = {"fixedwidth", "encrypted", "json", "extension", "bzip2", "rowgroupsize"}


def read_copy(sql: str) -> Copy:
    """A COPY statement."""
    reader = Reader(sql)
    reader.expect("copy")
    table = reader.qualified()
    columns = reader.names() if reader.peek("(") else ()
    reader.expect("from")
    copy = Copy(table, columns, _s3(reader))
    while reader.token.kind is not Kind.END and not reader.peek(";"):
        _copy_clause(reader, copy)
    reader.end()
    _check_copy(copy)
    return copy


def _s3(reader: Reader) -> str:
    address = reader.string()
    if not address.startswith("s3://"):
        if address.startswith(("dynamodb://", "emr://")):
            raise NotEmulatedError(f"COPY from {address.partition(':')[0]}")
        raise SqlError(f"S3 path does not start with 's3://': {address}")
    return address


def _copy_clause(reader: Reader, copy: Copy) -> None:
    if _authorization(reader) or _copy_format(reader, copy):
        return
    word = reader.token.text
    if not reader.is_a(Kind.WORD):
        raise reader.error()
    if word in COPY_REFUSED:
        raise NotEmulatedError(f"COPY with {word.upper()}")
    if word in COPY_FLAGS:
        reader.take()
        copy.flags.add(word)
    elif word in COPY_STRINGS:
        reader.take()
        reader.accept("as")
        copy.values[word] = reader.take().text if word == "encoding" else reader.string()
    elif not _copy_special(reader, copy):
        raise reader.error()


def _copy_special(reader: Reader, copy: Copy) -> bool:
    if reader.accept("null"):
        reader.accept("as")
        copy.values["null"] = reader.string()
    elif reader.accept("ignoreheader"):
        reader.accept("as")
        copy.values["ignoreheader"] = str(reader.number())
    elif reader.accept("maxerror"):
        reader.accept("as")
        copy.values["maxerror"] = str(reader.number())
    elif reader.accept("acceptinvchars"):
        reader.accept("as")
        copy.values["acceptinvchars"] = _optional_string(reader, "?")
    elif reader.token.text in NO_EFFECT and reader.is_a(Kind.WORD):
        reader.take()
        if reader.token.text in {"on", "off", "preset", "true", "false"}:
            reader.take()
        elif reader.is_a(Kind.NUMBER):
            reader.number()
    else:
        return False
    return True


def _optional_string(reader: Reader, default: str) -> str:
    return reader.string() if reader.token.kind is Kind.STRING else default


def _copy_format(reader: Reader, copy: Copy) -> bool:
    named = reader.accept("format")
    if named:
        reader.accept("as")
    if reader.accept("csv"):
        copy.format = "csv"
        if reader.accept("quote"):
            reader.accept("as")
            copy.values["quote"] = reader.string()
    elif reader.accept("json"):
        reader.accept("as")
        copy.format = "json"
        copy.values["json"] = _optional_string(reader, "auto")
    elif reader.accept("parquet"):
        copy.format = "parquet"
    elif reader.token.text in COPY_REFUSED:
        return False
    elif named:
        raise reader.error()
    else:
        return False
    return True


def _authorization(reader: Reader) -> bool:
    """The role or the keys; whoever runs the emulator may read, so they are read and not used."""
    if reader.accept("iam_role"):
        if not reader.accept("default"):
            reader.string()
    elif reader.accept("credentials"):
        reader.accept("as")
        reader.string()
    elif reader.token.text in {"access_key_id", "secret_access_key", "session_token"}:
        reader.take()
        reader.string()
    else:
        return False
    return True


def _check_copy(copy: Copy) -> None:
    if copy.format == "parquet":
        allowed = {"manifest", "fillrecord", "serializetojson"}
        wrong = (copy.flags - allowed) | (set(copy.values) - {"region"})
        if wrong:
            raise SqlError(f"{sorted(wrong)[0].upper()} is not supported for PARQUET")
    elif copy.flag("serializetojson"):
        raise SqlError("SERIALIZETOJSON is only supported for columnar formats")
    if copy.format == "csv" and copy.flags & {"escape", "removequotes"}:
        clause = "ESCAPE" if copy.flag("escape") else "REMOVEQUOTES"
        raise SqlError(f"CSV is not compatible with {clause}")
    encoding = copy.values.get("encoding", "utf8").lower()
    if encoding not in {"utf8", "utf-8", "auto"}:
        raise NotEmulatedError(f"COPY with ENCODING {encoding.upper()}")
    if len(copy.values.get("delimiter", "|")) != 1:
        raise NotEmulatedError("COPY with a DELIMITER of several characters")


def read_unload(sql: str) -> Unload:
    """An UNLOAD statement; its query comes as a string or, lately, in plain parentheses."""
    reader = Reader(sql)
    reader.expect("unload")
    if reader.tokens[reader.at + 1].kind is Kind.STRING:
        reader.expect("(")
        query = reader.string()
        reader.expect(")")
    else:
        query = reader.balanced()
    reader.expect("to")
    unload = Unload(query, _s3(reader))
    while reader.token.kind is not Kind.END and not reader.peek(";"):
        _unload_clause(reader, unload)
    reader.end()
    return unload


def _unload_clause(reader: Reader, unload: Unload) -> None:
    word = reader.token.text
    if _authorization(reader) or _unload_format(reader, unload):
        return
    if not reader.is_a(Kind.WORD):
        raise reader.error()
    if word in UNLOAD_REFUSED:
        raise NotEmulatedError(f"UNLOAD with {word.upper()}")
    if reader.accept("partition", "by"):
        unload.partition_by = reader.names()
    elif word in UNLOAD_FLAGS:
        unload.flags.add(reader.take().text)
    elif not _unload_value(reader, unload):
        raise reader.error()


def _unload_value(reader: Reader, unload: Unload) -> bool:
    if reader.accept("delimiter") or reader.accept("null"):
        name = reader.tokens[reader.at - 1].text
        reader.accept("as")
        unload.values[name] = reader.string()
    elif reader.accept("region"):
        reader.accept("as")
        reader.string()
    elif reader.accept("parallel"):
        unload.values["parallel"] = reader.identifier()
    elif reader.accept("maxfilesize"):
        reader.accept("as")
        unload.largest = _file_size(reader)
    else:
        return False
    return True


def _file_size(reader: Reader) -> int:
    """A size such as `100`, `6.2 GB` or `50 MB`, in bytes; it is megabytes that are not named."""
    number = float(reader.take().text)
    unit = reader.take().text if reader.token.text in {"mb", "gb"} else "mb"
    size = int(number * MEGABYTE * (1024 if unit == "gb" else 1))
    if not SMALLEST_FILE <= size <= LARGEST_FILE:
        raise SqlError("MAXFILESIZE must be between 5 MB and 6.2 GB")
    return size


def _unload_format(reader: Reader, unload: Unload) -> bool:
    named = reader.accept("format")
    if named:
        reader.accept("as")
    for name in ("csv", "parquet"):
        if reader.accept(name):
            unload.format = name
            return True
    if named and reader.token.text not in UNLOAD_REFUSED:
        raise reader.error()
    return False
