"""Columns of a dataset and what kind of values they hold."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

INTEGRAL = "Integral"
FRACTIONAL = "Fractional"
STRING = "String"
UNKNOWN = "Unknown"
NUMERIC = frozenset({INTEGRAL, FRACTIONAL})

INTEGER = r"[+-]?\d+"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"


@dataclass(frozen=True)
class Column:
    """The values of one feature as texts, without the missing ones."""

    name: str
    values: "pd.Series[str]"
    missing: int
    integers: "np.ndarray" = field(repr=False)
    """Which values are whole numbers."""
    fractions: "np.ndarray" = field(repr=False)
    """Which are other numbers."""

    @classmethod
    def of(cls, name: str, series: "pd.Series") -> "Column":
        """A column of a frame; an empty text is a missing value."""
        present = series[series.notna()]
        texts = present.astype(str)
        texts = texts[texts != ""]
        integers = texts.str.fullmatch(INTEGER).to_numpy(dtype=bool)
        numbers = texts.str.fullmatch(NUMBER).to_numpy(dtype=bool)
        return cls(name, texts, len(series) - len(texts), integers, numbers & ~integers)

    @property
    def present(self) -> int:
        """How many values there are."""
        return len(self.values)

    @property
    def total(self) -> int:
        """How many rows there are."""
        return self.present + self.missing

    @property
    def kind(self) -> str:
        """The narrowest kind that all values have."""
        if not self.present:
            return UNKNOWN
        if not (self.integers | self.fractions).all():
            return STRING
        return FRACTIONAL if self.fractions.any() else INTEGRAL

    @property
    def numbers(self) -> "np.ndarray":
        """The values that are numbers."""
        return self.values[self.integers | self.fractions].to_numpy(dtype=float)

    def share_of(self, kind: str) -> float:
        """How much of the data is of a kind; whole numbers are numbers, and all is text."""
        matching = {
            INTEGRAL: self.integers.sum(),
            FRACTIONAL: self.integers.sum() + self.fractions.sum(),
        }
        return float(matching.get(kind, self.present) / self.present) if self.present else 1.0


def columns(frame: pd.DataFrame) -> list[Column]:
    """All columns of a frame."""
    return [Column.of(str(name), frame[name]) for name in frame.columns]
