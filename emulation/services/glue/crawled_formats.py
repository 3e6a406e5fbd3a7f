"""How Glue describes each format to those who read the table: input and output format, serializer,
parameters.
"""

from collections.abc import Sequence
from typing import Any

from emulation.compute.crawling.formats import UNKNOWN, Columns
from emulation.compute.crawling.kinds import text
from emulation.compute.crawling.layout import Found
from emulation.services.glue.store import Record

TEXT = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
PARQUET = (
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
)
JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
CSV_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def descriptor(location: str, columns: Columns, files: Sequence[Found], extra: Record) -> Record:
    """Where data are, and how they are read."""
    content = files[0].content
    input_format, output_format = PARQUET if content.classification == "parquet" else TEXT
    known = content.classification != UNKNOWN
    return {
        "Columns": [{"Name": name.lower(), "Type": text(kind)} for name, kind in columns],
        "Location": location,
        **({"InputFormat": input_format, "OutputFormat": output_format} if known else {}),
        "Compressed": content.compression != "none",
        "NumberOfBuckets": -1,
        "SerdeInfo": serializer(content.classification, columns, content.delimiter),
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {**parameters(files), **extra},
        "StoredAsSubDirectories": False,
    }


def serializer(classification: str, columns: Columns, delimiter: str) -> Record:
    """The class that reads rows, with its own parameters."""
    if classification == "parquet":
        return serde(PARQUET_SERDE, {"serialization.format": "1"})
    if classification == "json":
        return serde(JSON_SERDE, {"paths": ",".join(sorted(name for name, _ in columns))})
    if classification == "csv":
        return serde(CSV_SERDE, {"field.delim": delimiter})
    return {}


def serde(library: str, options: dict[str, Any]) -> Record:
    """A serializer as the API has it."""
    return {"SerializationLibrary": library, "Parameters": options}


def parameters(files: Sequence[Found]) -> dict[str, str]:
    """What is counted and known of files."""
    content = files[0].content
    size = sum(file.size for file in files)
    records = sum(file.content.records for file in files)
    return {
        "classification": content.classification,
        "compressionType": content.compression,
        "typeOfData": "file",
        "objectCount": str(len(files)),
        "recordCount": str(records),
        "averageRecordSize": str(size // records if records else 0),
        "sizeKey": str(size),
        **(text_parameters(content.delimiter) if content.classification == "csv" else {}),
        **({"skip.header.line.count": "1"} if content.has_header else {}),
    }


def text_parameters(delimiter: str) -> dict[str, str]:
    """What readers of separated text ask for."""
    return {"delimiter": delimiter, "areColumnsQuoted": "false", "columnsOrdered": "true"}
