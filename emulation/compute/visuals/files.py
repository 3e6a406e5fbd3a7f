"""Files of an S3 data source as a relation: CSV, TSV and JSON lines.

Everything is read as text first and then converted, so that a row whose values do not fit its
columns is known: it is skipped and counted.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emulation.compute.visuals.errors import DataError, NotDrawn
from emulation.compute.visuals.relation import Relation
from emulation.compute.visuals.values import SQL_TYPES, Type, literal, quoted

SEPARATORS = {"CSV": ",", "TSV": "\t"}
QUOTES = {"DOUBLE_QUOTE": '"', "SINGLE_QUOTE": "'"}


def manifest_locations(text: bytes) -> tuple[list[str], list[str], dict[str, Any]]:
    """The URIs, the prefixes and the upload settings of a manifest.

    Raises:
        DataError: it is none.
    """
    try:
        manifest = json.loads(text)
        uris, prefixes = [], []
        for one in manifest["fileLocations"]:
            uris += one.get("URIs", [])
            prefixes += one.get("URIPrefixes", [])
        settings = dict(manifest.get("globalUploadSettings") or {})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"The manifest cannot be read: {error}") from error
    if not uris and not prefixes:
        raise DataError("The manifest names no files.")
    return uris, prefixes, settings


def texts(paths: Sequence[Path], columns: Mapping[str, Type], settings: Mapping[str, Any]) -> str:
    """A query of all files whose columns are texts.

    Raises:
        NotDrawn: a format that is not read here.
    """
    kind = str(settings.get("Format") or "CSV").upper()
    listed = ", ".join(literal(str(path)) for path in paths)
    typed = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    if kind == "JSON":
        return f"SELECT * FROM read_json([{listed}], columns={{{typed}}})"
    if kind not in SEPARATORS:
        raise NotDrawn(f"An S3 data source of {kind}")
    separator = settings.get("Delimiter") or SEPARATORS[kind]
    quote = QUOTES[settings.get("TextQualifier") or "DOUBLE_QUOTE"]
    header = str(settings.get("ContainsHeader", True)).lower() == "true"
    skipped = int(settings.get("StartFromRow") or 1) - 1
    return (
        f"SELECT * FROM read_csv([{listed}], columns={{{typed}}}, delim={literal(separator)}, "
        f"quote={literal(quote)}, header={str(header).lower()}, skip={skipped}, "
        "auto_detect=false, null_padding=true)"
    )


def converted(texts_sql: str, columns: Mapping[str, Type]) -> Relation:
    """The rows whose values fit their columns."""
    cast = ", ".join(f"{_cast(name, kind)} AS {quoted(name)}" for name, kind in columns.items())
    where = " AND ".join(
        f"({quoted(name)} IS NULL OR {quoted(name)} = '' OR {_cast(name, kind)} IS NOT NULL)"
        for name, kind in columns.items()
    )
    return Relation(f"SELECT {cast} FROM ({texts_sql}) AS _texts WHERE {where}", columns)


def _cast(name: str, kind: Type) -> str:
    text = quoted(name)
    if kind is Type.STRING:
        return text
    return f"TRY_CAST(nullif({text}, '') AS {SQL_TYPES[kind]})"
