"""A dataset of any of the formats, as a frame."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from emulation.compute.monitoring.captures import (
    OUTPUT,
    DataError,
    Row,
    captures,
    files,
    flat,
    joined,
)
from emulation.compute.monitoring.settings import Settings

Json = dict[str, Any]


def read(settings: Settings) -> pd.DataFrame:
    """The dataset.

    Raises:
        DataError: there is none, or it is not of its format.
    """
    if len(settings.dataset_format) != 1:
        raise DataError("dataset_format has to name one format.")
    ((kind, options),) = settings.dataset_format.items()
    if kind == "sagemakerCaptureJson":
        frame = captured(settings, options.get("captureIndexNames", [OUTPUT]))
    else:
        parts = [one(path, kind, options) for path in files(settings.dataset_source)]
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if frame.empty:
        raise DataError("The dataset is empty.")
    return frame


def captured(settings: Settings, names: list[str]) -> pd.DataFrame:
    """The records of all captures of the time."""
    found: list[Row] = []
    for capture in captures(settings.dataset_source, names, settings.start_time, settings.end_time):
        found += joined(capture)
    return framed(found)


def framed(rows: list[Row]) -> pd.DataFrame:
    """Records as a frame; cells without names are `_c0`, `_c1` ..."""
    if all(isinstance(row, dict) for row in rows):
        return pd.DataFrame(rows, dtype=object)
    named = [row if isinstance(row, dict) else numbered(row) for row in rows]
    return pd.DataFrame(named, dtype=object)


def numbered(row: list[Any]) -> Json:
    """Cells by their places."""
    return {f"_c{number}": cell for number, cell in enumerate(row)}


def one(path: Path, kind: str, options: Json) -> pd.DataFrame:
    """One file.

    Raises:
        DataError: it is not of its format.
    """
    try:
        return readers(path, kind, options)
    except (ValueError, OSError, AttributeError) as error:
        raise DataError(f"{path.name} is not {kind}: {error}") from error


def readers(path: Path, kind: str, options: Json) -> pd.DataFrame:
    """One file, by its format."""
    match kind:
        case "csv":
            header = 0 if str(options.get("header", "true")).lower() == "true" else None
            frame = pd.read_csv(path, header=header, dtype=str, keep_default_na=False)
            return frame if header == 0 else frame.set_axis(places(frame), axis="columns")
        case "json":
            text = path.read_text()
            if str(options.get("lines", options.get("line", "true"))).lower() == "true":
                rows = [json.loads(line) for line in text.splitlines() if line.strip()]
            else:
                rows = json.loads(text)
            return pd.DataFrame([flat(row) for row in rows], dtype=object)
        case "parquet":
            return pd.read_parquet(path)
    raise DataError(f"The dataset format {kind} is not emulated.")


def places(frame: pd.DataFrame) -> list[str]:
    """Names of columns that have none."""
    return [f"_c{number}" for number in range(len(frame.columns))]


def renamed(frame: pd.DataFrame, promised: list[str]) -> pd.DataFrame:
    """Captured cells have no names: they get those of the baseline, by their places."""
    if list(frame.columns) != places(frame):
        return frame
    names = [*promised[: len(frame.columns)], *places(frame)[len(promised) :]]
    return frame.set_axis(names, axis="columns")
